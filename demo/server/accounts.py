"""Logins, API keys, sessions and the login cooldown. Passwords come with the start, not from the tables."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from demo.server.errors import AccessDenied


@dataclass(frozen=True)
class Session:
    """One browser-like login."""

    user_id: int
    login: str


@dataclass
class Cooldown:
    """After so many failures from one address, every login from there is refused for a while."""

    failures_allowed: int = 10
    seconds: float = 60.0
    clock: Callable[[], float] = field(kw_only=True)
    _failures: dict[str, tuple[int, float]] = field(default_factory=dict)

    def check(self, address: str) -> None:
        count, last = self._failures.get(address, (0, 0.0))
        if self.failures_allowed and count >= self.failures_allowed and self.clock() - last < self.seconds:
            raise AccessDenied("Too many login failures, please wait a bit before trying again.")

    def failed(self, address: str) -> None:
        self._failures[address] = (self._failures.get(address, (0, 0.0))[0] + 1, self.clock())

    def succeeded(self, address: str) -> None:
        self._failures.pop(address, None)


class Accounts:
    """Who may come in: `passwords` by login, `api_keys` from key to login. Changes take effect at once."""

    def __init__(self, passwords: Mapping[str, str], api_keys: Mapping[str, str], cooldown: Cooldown) -> None:
        self.passwords = dict(passwords)
        self.api_keys = dict(api_keys)
        self.cooldown = cooldown
        self._sessions: dict[str, Session] = {}
        self._lock = threading.Lock()

    def has_password(self, login: str, password: object, *, keys_too: bool) -> bool:
        """Check a password; over RPC an API key is as good."""
        if not isinstance(password, str) or not password:
            return False
        own = self.passwords.get(login)
        if own is not None and secrets.compare_digest(own.encode(), password.encode()):
            return True
        return keys_too and self.api_keys.get(password) == login

    def login_of_key(self, key: str) -> str | None:
        return self.api_keys.get(key)

    def open_session(self, user_id: int, login: str) -> str:
        token = secrets.token_urlsafe(32)
        with self._lock:
            self._sessions[token] = Session(user_id, login)
        return token

    def session(self, token: str | None) -> Session | None:
        return self._sessions.get(token or "")

    def close_session(self, token: str | None) -> None:
        with self._lock:
            self._sessions.pop(token or "", None)

    def expire_sessions(self) -> None:
        """Forget all sessions, as a restarted server without its session store would."""
        with self._lock:
            self._sessions.clear()
