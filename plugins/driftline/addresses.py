"""Airflow connections, as URI or JSON, made into addresses: libpq URLs, or HTTP URLs of an Odoo that is read over RPC.

Errors name where a value stood, never the value.
"""

from __future__ import annotations

import ipaddress
import json
from dataclasses import dataclass, field
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urlsplit

from driftline.errors import ConfigError

_SCHEMES = {"postgres", "postgresql"}
_HTTP_PORTS = {"http": 80, "https": 443}
_SOURCE_HINT = (
    "Expected postgresql://user:password@host:port/database, or https://login:password-or-API-key@host/database."
)


@dataclass(frozen=True)
class HttpAddress:
    """Where an Odoo answers over HTTP, and as whom; `secret` is a password or an API key."""

    is_tls: bool
    host: str
    port: int
    database: str
    login: str
    secret: str = field(repr=False)

    @property
    def base_url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.is_tls else 'http'}://{host}:{self.port}"


def is_http(url: str) -> bool:
    """Say whether an address is an Odoo's own, not its database's."""
    return url.partition("://")[0] in _HTTP_PORTS


def is_loopback(host: str) -> bool:
    """Say whether what is sent to a host stays on this machine; a folder is that of a Unix socket."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.startswith("/")


def host_of(url: str) -> str:
    """Name the machine behind an address: readings of several clients there share its slots."""
    return (urlsplit(url).hostname or "").lower()


def parse_http(url: str, *, client_id: str) -> HttpAddress:
    """Take an HTTP address apart; raise ConfigError where something is missing, without quoting it."""
    parts, port = _split(url, where="its connection", client_id=client_id)
    address = HttpAddress(
        is_tls=parts.scheme == "https",
        host=parts.hostname or "",
        port=port or _HTTP_PORTS[parts.scheme],
        database=unquote(parts.path.strip("/")),
        login=unquote(parts.username or ""),
        secret=unquote(parts.password or ""),
    )
    if not address.host or not address.database or not address.secret:
        raise ConfigError(
            "its connection names no host, no database or no password.", client_id=client_id, hint=_SOURCE_HINT
        )
    return address


def to_source_url(raw: str, *, where: str, client_id: str | None = None) -> str:
    """Turn a client's Airflow connection (URI or JSON) into a libpq URL or an HTTP URL of Odoo."""
    if raw.lstrip().startswith("{"):
        return _from_json(raw, where=where, client_id=client_id, may_be_http=True)
    parts, _ = _split(raw, where=where, client_id=client_id)
    if parts.scheme not in _HTTP_PORTS:
        return to_libpq_url(raw, where=where, client_id=client_id)
    database = parts.path.strip("/")
    return f"{parts.scheme}://{parts.netloc}/{database}"


def to_libpq_url(raw: str, *, where: str, client_id: str | None = None) -> str:
    """Turn an Airflow connection (URI or JSON) into a libpq URL."""
    if raw.lstrip().startswith("{"):
        return _from_json(raw, where=where, client_id=client_id)
    parts, port = _split(raw, where=where, client_id=client_id)
    if parts.scheme not in _SCHEMES or not parts.hostname or not parts.path.strip("/"):
        raise ConfigError(
            f"{where} is not a PostgreSQL address.",
            client_id=client_id,
            hint="Expected postgresql://user:password@host:port/database.",
        )
    # Airflow's own URIs carry extras under __extra__; libpq would refuse them.
    options = [(key, value) for key, value in parse_qsl(parts.query) if not key.startswith("__")]
    return _compose(
        login=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        host=parts.hostname,
        port=port,
        database=unquote(parts.path.lstrip("/")),
        options=options,
    )


def _split(url: str, *, where: str, client_id: str | None) -> tuple[SplitResult, int | None]:
    try:
        parts = urlsplit(url)
        return parts, parts.port
    except ValueError:
        raise ConfigError(f"{where} is not a valid URL.", client_id=client_id) from None


def _from_json(raw: str, *, where: str, client_id: str | None, may_be_http: bool = False) -> str:
    try:
        value = json.loads(raw)
        scheme, _, bare_host = str(value["host"]).rpartition("://")
        scheme = scheme or str(value.get("conn_type") or "")
        if may_be_http and scheme in _HTTP_PORTS:
            user = f"{quote(value.get('login') or '', safe='')}:{quote(value.get('password') or '', safe='')}"
            host = f"[{bare_host}]" if ":" in bare_host else bare_host
            port = f":{int(value['port'])}" if value.get("port") else ""
            return f"{scheme}://{user}@{host}{port}/{quote(value['schema'], safe='')}"
        extra = value.get("extra") or {}
        options = json.loads(extra) if isinstance(extra, str) else dict(extra)
        return _compose(
            login=value.get("login") or "",
            password=value.get("password") or "",
            host=value["host"],
            port=int(value["port"]) if value.get("port") else None,
            database=value["schema"],
            options=[(key, str(option)) for key, option in options.items() if key.startswith("ssl")],
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        # `from None`: the original message may quote the value, which holds the password.
        raise ConfigError(
            f"{where} is not a valid JSON connection.",
            client_id=client_id,
            hint='Expected {"conn_type": "postgres", "host": …, "port": …, "login": …, "password": …, "schema": …}.',
        ) from None


def _compose(
    *, login: str, password: str, host: str, port: int | None, database: str, options: list[tuple[str, str]]
) -> str:
    user = quote(login, safe="") + (":" + quote(password, safe="") if password else "")
    address = f"[{host}]" if ":" in host else host
    address = f"{address}:{port}" if port else address
    query = "?" + urlencode(options) if options else ""
    return f"postgresql://{user}@{address}/{quote(database, safe='')}{query}"
