"""What travels: a request as it came, the call in it, and the answer. Protocols turn these into `service` calls."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

JSON = "application/json; charset=utf-8"
HTML = "text/html; charset=utf-8"
XML = "text/xml; charset=utf-8"


@dataclass(frozen=True)
class Request:
    """One HTTP request; header names in lower case."""

    verb: str
    path: str
    headers: dict[str, str]
    body: bytes
    address: str = "127.0.0.1"

    @property
    def content_type(self) -> str:
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()

    def cookie(self, name: str) -> str | None:
        for part in self.headers.get("cookie", "").split(";"):
            key, _, content = part.strip().partition("=")
            if key == name:
                return content
        return None


@dataclass(frozen=True)
class Call:
    """What a request asks for, as far as it could be read: `content` is the parsed body, `problem` says why not."""

    protocol: str
    path: str
    model: str | None = None
    method: str | None = None
    content: Any = None
    problem: str | None = None


@dataclass(frozen=True)
class Response:
    """One HTTP answer."""

    status: int
    body: bytes
    content_type: str = JSON
    headers: dict[str, str] = field(default_factory=dict)


def html_page(status: int, title: str, text: str) -> Response:
    """An error page as Werkzeug writes it."""
    page = f"<!doctype html>\n<html lang=en>\n<title>{status} {title}</title>\n<h1>{title}</h1>\n<p>{text}</p>\n"
    return Response(status, page.encode(), HTML)
