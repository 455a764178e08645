"""An HTTP server that speaks Odoo's external protocols over any Odoo-shaped PostgreSQL database, 14.0 to 20.0.

    with OdooServer(database_url, version="17.0", users={"admin": "a password"}) as server:
        odoorpc.ODOO("127.0.0.1", port=server.port)

It answers as the recorded real servers did, so that an extractor can be tested without one, and it breaks on demand
(`server.faults`). It only reads, except that a login leaves a row in `res_users_log`, as it does on a real server.
Not here: anything that Odoo computes in code, unless the tables hold the answer; such a field is an error by name.
"""

from __future__ import annotations

from demo.server.faults import (
    Between,
    Dropped,
    ExpiredKey,
    Faults,
    Instead,
    Latency,
    LostSession,
    NoRights,
    Planned,
    Truncated,
    WrongPassword,
    bad_gateway,
    gateway_timeout,
    html_with_status_200,
    too_large,
    too_many_requests,
)
from demo.server.server import OdooServer

__all__ = [
    "Between",
    "Dropped",
    "ExpiredKey",
    "Faults",
    "Instead",
    "Latency",
    "LostSession",
    "NoRights",
    "OdooServer",
    "Planned",
    "Truncated",
    "WrongPassword",
    "bad_gateway",
    "gateway_timeout",
    "html_with_status_200",
    "too_large",
    "too_many_requests",
]
