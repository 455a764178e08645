"""The generated passwords of one local stack, in a file that only its owner may read."""

from __future__ import annotations

import base64
import json
import os
import secrets
from pathlib import Path

# Every character here has a meaning in a URL: an address composed without encoding would break, or leak, at once.
_AWKWARD = "@:/?#%+ &"


class Vault:
    """Secrets by name; each is made up when it is first asked for, and stays."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def password(self, name: str, *, is_awkward: bool = False) -> str:
        """Give a password; `is_awkward` puts in characters that must be encoded in a URL."""
        return self._keep(name, secrets.token_urlsafe(18) + (_AWKWARD if is_awkward else ""))

    def signing_key(self, name: str) -> str:
        """Give a key long enough to sign tokens with HS512."""
        return self._keep(name, secrets.token_urlsafe(64))

    def fernet_key(self, name: str) -> str:
        """Give a key in the form that Airflow wants for what it encrypts in its own database."""
        return self._keep(name, base64.urlsafe_b64encode(secrets.token_bytes(32)).decode())

    def _keep(self, name: str, fresh: str) -> str:
        # Read again every time: the folder may have been removed or copied over since.
        known: dict[str, str] = json.loads(self._file.read_text()) if self._file.exists() else {}
        if name not in known:
            known[name] = fresh
            self._write(known)
        return known[name]

    def _write(self, known: dict[str, str]) -> None:
        self._file.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self._file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as stream:
            json.dump(known, stream)
