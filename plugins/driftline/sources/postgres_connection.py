"""The connection to a client's PostgreSQL, and its errors turned into what the caller should do.

What is read over it is `postgres`'s work.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psycopg2
from psycopg2.extensions import make_dsn, parse_dsn

from driftline.addresses import is_loopback
from driftline.errors import SourceAccessDenied, SourceError, SourceShapeError, SourceUnavailable

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

    from driftline.registry import Client

# Statements over all tables cost little and look dear: compiling them would cost more than running them.
_OPTIONS = {
    "TimeZone": "UTC",
    "client_encoding": "UTF8",
    "DateStyle": "ISO",
    "extra_float_digits": "3",
    "search_path": "public",
    "jit": "off",
}


def open_connection(client: Client, url: str) -> Connection:
    """Connect; raise SourceAccessDenied or SourceUnavailable, which never quote the address."""
    try:
        return psycopg2.connect(
            _with_tls(url, client),
            connect_timeout=client.limits.connect_timeout_seconds,
            # A network that swallows packets would otherwise leave the reading waiting for hours.
            keepalives_idle=30,
            keepalives_interval=10,
            keepalives_count=3,
            application_name="driftline",
            options=" ".join(f"-c {name}={value}" for name, value in _OPTIONS.items()),
        )
    except psycopg2.OperationalError as error:
        text = _first_line(error)
        # No SQLSTATE reaches us for a failed connection; libpq's words are all there is.
        if any(word in text for word in ("authentication failed", "permission denied", "no pg_hba.conf entry")):
            raise SourceAccessDenied(
                f"its database refused the login: {text}.", client_id=client.client_id, hint="Check its connection."
            ) from None
        raise SourceUnavailable(
            f"its database cannot be reached: {text}.",
            client_id=client.client_id,
            hint="Check that it is up and that its connection names the right host, port and database.",
        ) from None
    except psycopg2.ProgrammingError:
        # The message would quote the address, which holds the password.
        raise SourceUnavailable("its connection is not a valid libpq URL.", client_id=client.client_id) from None


def _with_tls(url: str, client: Client) -> str:
    parts = parse_dsn(url)
    if "sslmode" in parts or is_loopback(parts.get("host", "/")) or client.allows_plain_text:
        return url
    return str(make_dsn(url, sslmode="require"))


@contextmanager
def translated(client: Client) -> Iterator[None]:
    """Let every error of the client's PostgreSQL leave as a SourceError that names the client."""
    try:
        yield
    except psycopg2.Error as error:
        raise _translate(error, client) from error


def _translate(error: psycopg2.Error, client: Client) -> SourceError:
    text = _first_line(error)
    match error.pgcode:
        case "42501":
            return SourceAccessDenied(
                f"its reading role lacks a right: {text}.",
                client_id=client.client_id,
                hint=f"The statements it needs: driftline grants --client {client.client_id}",
            )
        case "57014":
            return SourceUnavailable(
                f"a statement ran longer than {client.limits.statement_timeout_seconds} s or was cancelled.",
                client_id=client.client_id,
                hint="Look for load or locks there, or raise limits.statement_timeout_seconds in clients.yml.",
            )
        case "55P03":
            return SourceUnavailable(
                f"a table stayed locked for {client.limits.lock_timeout_seconds} s.",
                client_id=client.client_id,
                hint="It is probably being upgraded; the next run tries again.",
            )
        case str(code) if code[:2] in {"22", "42"}:
            return SourceShapeError(f"its data or tables are not as declared: {text}.", client_id=client.client_id)
        case _:
            return SourceUnavailable(f"reading broke off: {text}.", client_id=client.client_id)


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__).rstrip(".")
