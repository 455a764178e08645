"""Pieces of SQL with their parameters. Values never enter the text; identifiers enter it quoted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple


class Fragment(NamedTuple):
    """SQL text with %s placeholders, and the values for them."""

    text: str
    values: tuple[Any, ...] = ()

    def __add__(self, other: object) -> Fragment:
        if isinstance(other, Fragment):
            return Fragment(self.text + other.text, self.values + other.values)
        if isinstance(other, str):
            return Fragment(self.text + other, self.values)
        return NotImplemented

    def __radd__(self, other: object) -> Fragment:
        return Fragment(other + self.text, self.values) if isinstance(other, str) else NotImplemented


TRUE = Fragment("TRUE")
FALSE = Fragment("FALSE")


def quoted(name: str) -> str:
    """Quote an identifier, also against the placeholder sign."""
    return '"' + name.replace('"', '""').replace("%", "%%") + '"'


def column(alias: str, name: str) -> Fragment:
    return Fragment(f"{quoted(alias)}.{quoted(name)}")


def value(content: Any, cast: str = "") -> Fragment:
    """One parameter, with an optional cast such as `timestamp`."""
    return Fragment(f"%s::{cast}" if cast else "%s", (content,))


def joined(parts: Iterable[Fragment], separator: str) -> Fragment:
    parts = list(parts)
    return Fragment(separator.join(part.text for part in parts), tuple(v for part in parts for v in part.values))


def all_of(parts: Iterable[Fragment]) -> Fragment:
    kept = [part for part in parts if part != TRUE]
    return "(" + joined(kept, " AND ") + ")" if kept else TRUE


def any_of(parts: Iterable[Fragment]) -> Fragment:
    kept = [part for part in parts if part != FALSE]
    return "(" + joined(kept, " OR ") + ")" if kept else FALSE


def negated(part: Fragment) -> Fragment:
    return "(NOT " + part + ")"
