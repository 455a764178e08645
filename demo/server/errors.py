"""The errors a client of Odoo sees, each with the name, fault code and HTTP status that real servers give it.

OdooError                    any error that is answered in the shape of the protocol
├── UserError                fault 2, HTTP 422: a missing model, a bad order, a constraint
│   ├── AccessError          fault 4, HTTP 403: model, field, record or method not allowed
│   └── MissingError         fault 2, HTTP 404
├── AccessDenied             fault 3, HTTP 403: login, password or key
├── BuiltinError             fault 1, HTTP 500: Python's own (ValueError, KeyError, …)
└── NotServed                fault 1, HTTP 500: this server does not run Odoo's code for what was asked
HttpError                    an answer that is HTTP's own: 400, 401, 404, 415, 422
"""

from __future__ import annotations

from typing import Any


class OdooError(Exception):
    """An error with its name as `error.data.name` gives it."""

    name = "builtins.Exception"
    fault_code = 1
    http_status = 500

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    @property
    def arguments(self) -> list[Any]:
        return [self.message]

    @property
    def short_name(self) -> str:
        """The name as the last line of a traceback has it."""
        return self.name.removeprefix("builtins.")


class UserError(OdooError):
    name = "odoo.exceptions.UserError"
    fault_code = 2
    http_status = 422


class AccessError(UserError):
    name = "odoo.exceptions.AccessError"
    fault_code = 4
    http_status = 403


class MissingError(UserError):
    name = "odoo.exceptions.MissingError"
    http_status = 404


class AccessDenied(OdooError):
    name = "odoo.exceptions.AccessDenied"
    fault_code = 3
    http_status = 403

    def __init__(self, message: str = "Access Denied") -> None:
        super().__init__(message)


class SessionExpired(OdooError):
    name = "odoo.http.SessionExpiredException"
    http_status = 403

    def __init__(self) -> None:
        super().__init__("Session expired")


class BuiltinError(OdooError):
    """One of Python's own exceptions, as Odoo lets it through."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.name = f"builtins.{kind}"


class DatabaseError(OdooError):
    """What PostgreSQL said, under the name that psycopg2 gives it."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


class NotServed(OdooError):
    """Something a real Odoo would answer and this server does not; tests must not take it for Odoo's word."""

    name = "builtins.NotImplementedError"

    def __init__(self, message: str) -> None:
        super().__init__(f"Demo server: {message}")


class HttpError(OdooError):
    """An HTTP error of JSON-2, named like Werkzeug's."""

    def __init__(self, status: int, kind: str, message: str) -> None:
        super().__init__(message)
        self.name = f"werkzeug.exceptions.{kind}"
        self.http_status = status

    @property
    def arguments(self) -> list[Any]:
        return [self.message, self.http_status]


def value_error(message: str) -> BuiltinError:
    return BuiltinError("ValueError", message)
