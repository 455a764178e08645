"""Odoo's search domains: from the prefix notation of the wire to a tree. Not here: SQL (`conditions`, `compiler`).

Up to 18 a negation is pushed into the conditions when the domain is read; from 19 on it stays where it was written
unless the operator has an opposite.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from demo.server.errors import BuiltinError, value_error
from demo.server.versions import Dialect

_OPPOSITE_18 = {
    "<": ">=", ">": "<=", "<=": ">", ">=": "<", "=": "!=", "!=": "=", "in": "not in", "not in": "in",
    "like": "not like", "not like": "like", "ilike": "not ilike", "not ilike": "ilike",
    "any": "not any", "not any": "any",
}  # fmt: skip
_OPPOSITE_19 = {
    "=": "!=", "!=": "=", "in": "not in", "not in": "in", "like": "not like", "not like": "like",
    "ilike": "not ilike", "not ilike": "ilike", "any": "not any", "not any": "any", "=like": "not =like",
    "not =like": "=like", "=ilike": "not =ilike", "not =ilike": "=ilike",
}  # fmt: skip
_OPERATORS = frozenset(_OPPOSITE_18) | {"=?", "=like", "=ilike", "child_of", "parent_of"}
_OPERATORS_19 = _OPERATORS | frozenset(_OPPOSITE_19)


@dataclass(frozen=True)
class Condition:
    """One (field, operator, value)."""

    field: str
    operator: str
    value: Any

    def as_written(self) -> tuple[Any, ...]:
        return (self.field, self.operator, self.value)


@dataclass(frozen=True)
class Constant:
    holds: bool


@dataclass(frozen=True)
class Both:
    parts: tuple[Node, ...]


@dataclass(frozen=True)
class Either:
    parts: tuple[Node, ...]


@dataclass(frozen=True)
class Not:
    part: Node


Node = Condition | Constant | Both | Either | Not
EVERYTHING = Constant(True)


def parse(domain: Any, dialect: Dialect) -> Node:
    """Read a domain as it came over the wire, with the errors of the version."""
    if isinstance(domain, (Condition, Constant, Both, Either, Not)):
        return domain
    if domain is None or domain is False or domain in ([], ()):
        return EVERYTHING
    if not isinstance(domain, (list, tuple)):
        raise value_error(f"Domain() invalid argument type for domain: {domain!r}")
    return _parse_modern(domain, dialect) if dialect.modern_domains else _parse_classic(domain, dialect)


def conditions(node: Node) -> list[Condition]:
    """List the conditions of a tree, in the order they were written."""
    if isinstance(node, Condition):
        return [node]
    if isinstance(node, Not):
        return conditions(node.part)
    return [found for part in node.parts for found in conditions(part)] if isinstance(node, (Both, Either)) else []


def _parse_modern(domain: list[Any] | tuple[Any, ...], dialect: Dialect) -> Node:
    stack: list[Node] = []
    try:
        for item in reversed(domain):
            if isinstance(item, (list, tuple)) and len(item) == 3:
                stack.append(_leaf(item, dialect))
            elif item in ("&", "|"):
                stack.append((Both if item == "&" else Either)((stack.pop(), stack.pop())))
            elif item == "!":
                stack.append(_inverted(stack.pop()))
            else:
                raise value_error(f"Domain() invalid item in domain: {item!r}")
    except IndexError:
        raise value_error(f"Domain() malformed domain {domain!r}") from None
    return stack[0] if len(stack) == 1 else Both(tuple(reversed(stack)))


def _inverted(node: Node) -> Node:
    if isinstance(node, Constant):
        return Constant(not node.holds)
    if isinstance(node, Condition) and "." not in node.field and node.operator in _OPPOSITE_19:
        return Condition(node.field, _OPPOSITE_19[node.operator], node.value)
    if isinstance(node, Both):
        return Either(tuple(_inverted(part) for part in node.parts))
    if isinstance(node, Either):
        return Both(tuple(_inverted(part) for part in node.parts))
    return node.part if isinstance(node, Not) else Not(node)


def _parse_classic(domain: list[Any] | tuple[Any, ...], dialect: Dialect) -> Node:
    items = list(domain)
    if any(isinstance(item, str) and item not in ("&", "|", "!") and len(item) < 2 for item in items):
        # 16 to 18 look into a name that stands in the place of a condition letter by letter before they refuse it.
        raise BuiltinError("IndexError", "string index out of range")
    parts = []
    while items:
        parts.append(_take(items, dialect, negate=False))
    return parts[0] if len(parts) == 1 else Both(tuple(parts))


def _take(items: list[Any], dialect: Dialect, *, negate: bool) -> Node:
    """Take one complete expression from the front of the list."""
    if not items:
        raise BuiltinError("IndexError", "pop from empty list")
    item = items.pop(0)
    if item == "!":
        return _take(items, dialect, negate=not negate)
    if item in ("&", "|"):
        parts = (_take(items, dialect, negate=negate), _take(items, dialect, negate=negate))
        return Both(parts) if (item == "&") != negate else Either(parts)
    leaf = _leaf(item, dialect)
    if not negate:
        return leaf
    if isinstance(leaf, Constant):
        return Constant(not leaf.holds)
    if isinstance(leaf, Condition) and leaf.operator in _OPPOSITE_18:
        return Condition(leaf.field, _OPPOSITE_18[leaf.operator], leaf.value)
    return Not(leaf)


def _leaf(item: Any, dialect: Dialect) -> Node:
    if not isinstance(item, (list, tuple)) or len(item) != 3:
        raise value_error(f"Invalid leaf {item}")
    field, operator, value = item
    if field in (0, 1) and not isinstance(field, str) and operator == "=":
        return Constant(field == value)
    operator = operator.lower() if isinstance(operator, str) else operator
    operator = (
        {"<>": "!=", "==": "="}.get(operator, operator) if dialect.modern_domains or operator == "<>" else operator
    )
    if (
        operator not in (_OPERATORS_19 if dialect.modern_domains else _OPERATORS)
        or not isinstance(field, str)
        or not field
    ):
        raise value_error(dialect.invalid_leaf((field, operator, value)))
    if operator in ("any", "not any"):
        if dialect.major < 17:
            raise value_error(dialect.invalid_leaf((field, operator, value)))
        return Condition(field, operator, parse(value, dialect))
    return Condition(field, *_matching(operator, value))


def _matching(operator: str, value: Any) -> tuple[str, Any]:
    """Bring `=` with a list and `in` with a single value into step."""
    if isinstance(value, tuple):
        value = list(value)
    if isinstance(value, list) and operator in ("=", "!="):
        return ("in" if operator == "=" else "not in"), value
    if operator in ("in", "not in") and not isinstance(value, list):
        if isinstance(value, bool) or value is None:
            return ("=" if operator == "in" else "!="), value
        return operator, [value]
    return operator, value
