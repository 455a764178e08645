"""Airflow connections, as URI or JSON, made into libpq URLs. Errors name where a value stood, never the value."""

from __future__ import annotations

import json
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

from driftline.errors import ConfigError

_SCHEMES = {"postgres", "postgresql"}


def to_libpq_url(raw: str, *, where: str, client_id: str | None = None) -> str:
    """Turn an Airflow connection (URI or JSON) into a libpq URL."""
    if raw.lstrip().startswith("{"):
        return _from_json(raw, where=where, client_id=client_id)
    try:
        parts = urlsplit(raw)
        port = parts.port
    except ValueError:
        raise ConfigError(f"{where} is not a valid URL.", client_id=client_id) from None
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


def _from_json(raw: str, *, where: str, client_id: str | None) -> str:
    try:
        value = json.loads(raw)
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
