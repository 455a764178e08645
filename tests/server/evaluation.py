"""Odoo's domains evaluated in plain Python over rows held in memory: the other opinion on what the SQL should find.

Written from the documentation of the operators and from the recorded observations, with SQL's three values of truth
(True, False, None). Nothing of the server is used here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

Row = dict[str, Any]
Truth = bool | None

OPPOSITE = {"=": "!=", "!=": "=", "in": "not in", "not in": "in", "like": "not like", "not like": "like"}
OPPOSITE |= {"ilike": "not ilike", "not ilike": "ilike", "<": ">=", ">=": "<", ">": "<=", "<=": ">"}
OPPOSITE_19 = {k: v for k, v in OPPOSITE.items() if k[0] not in "<>"}
EMPTY = {"char": "", "integer": 0, "float": 0.0}


@dataclass(frozen=True, repr=False)
class World:
    """Tables by model, types by field, links of the many2many field, and the version."""

    major: int
    tables: dict[str, dict[int, Row]]
    types: dict[str, dict[str, str]]
    targets: dict[str, str]
    links: dict[int, set[int]]

    def matching(self, model: str, domain: list[Any]) -> set[int]:
        """The ids of the rows that satisfy a domain."""
        return {record for record, row in self.tables[model].items() if self.holds(model, row, domain) is True}

    def holds(self, model: str, row: Row, domain: list[Any]) -> Truth:
        items = list(domain)
        parts = []
        while items:
            parts.append(self._take(model, row, items, negate=False))
        return _all(parts)

    def _take(self, model: str, row: Row, items: list[Any], *, negate: bool) -> Truth:
        item = items.pop(0)
        if item == "!":
            return self._take(model, row, items, negate=not negate)
        if item in ("&", "|"):
            parts = [self._take(model, row, items, negate=negate) for _ in range(2)]
            return _all(parts) if (item == "&") != negate else _any(parts)
        field, operator, value = item
        if negate:
            table = OPPOSITE if self.major < 19 else OPPOSITE_19
            if operator in table and (self.major < 19 or "." not in field):
                return self._leaf(model, row, field, table[operator], value)
            truth = self._leaf(model, row, field, operator, value)
            return truth is not True if self.major >= 19 else _not(truth)
        return self._leaf(model, row, field, operator, value)

    def _leaf(self, model: str, row: Row, field: str, operator: str, value: Any) -> Truth:
        first, _, rest = field.partition(".")
        kind = self.types[model][first]
        if rest:
            return self._through(row, first, kind, rest, operator, value)
        if kind == "many2many":
            return self._many(row, operator, value)
        if operator in ("child_of", "parent_of"):
            return row["id"] in self._tree(model, value, down=operator == "child_of")
        if kind == "many2one" and isinstance(value, str):
            return self._named(row[first], self.targets[first], operator, value)
        return (scalar_18 if self.major < 19 else scalar_19)(row[first], kind, operator, value)

    def _through(self, row: Row, field: str, kind: str, rest: str, operator: str, value: Any) -> Truth:
        target = self.targets[field]
        found = self.matching(target, [[rest, operator, value]])
        if kind == "many2many":
            return bool(self.links.get(row["id"], set()) & found)
        return _member(row[field], found)

    def _named(self, linked: int | None, target: str, operator: str, value: str) -> Truth:
        if value == "" and "like" in operator:
            return (linked is None) == operator.startswith("not")
        positive = operator.removeprefix("not ").replace("!=", "=")
        found = self.matching(target, [["name", positive, value]])
        found = {record for record in found if self.tables[target][record].get("active", True)}
        if positive != operator:
            return linked is None or linked not in found
        return _member(linked, found)

    def _many(self, row: Row, operator: str, value: Any) -> Truth:
        linked = self.links.get(row["id"], set())
        if value is False:
            return bool(linked) == (operator == "!=")
        wanted = value if isinstance(value, list) else [value]
        found = bool(linked & {item for item in wanted if item is not False})
        if operator in ("in", "not in") and False in wanted:
            found = found or not linked
        return found != (operator in ("!=", "not in"))

    def _tree(self, model: str, value: Any, *, down: bool) -> set[int]:
        rows = self.tables[model]
        found = {record for record in (value if isinstance(value, list) else [value]) if record in rows}
        while True:
            if down:
                more = {record for record, row in rows.items() if row["parent_id"] in found}
            else:
                more = {rows[record]["parent_id"] for record in found} - {None}
            if more <= found:
                return found
            found |= more


def _member(value: Any, found: set[int]) -> Truth:
    """SQL's IN: nothing is in an empty set for certain, and NULL may be in any other."""
    return None if value is None and found else value in found


def _all(parts: list[Truth]) -> Truth:
    return False if False in parts else None if None in parts else True


def _any(parts: list[Truth]) -> Truth:
    return True if True in parts else None if None in parts else False


def _not(part: Truth) -> Truth:
    return None if part is None else not part


def pattern_matches(text: str, pattern: str, *, ignore_case: bool) -> bool:
    """SQL's LIKE: % for anything, _ for one character, backslash before either for itself."""
    regular, characters = "", iter(pattern)
    for character in characters:
        if character == "\\":
            regular += re.escape(next(characters, "\\"))
        else:
            regular += {"%": ".*", "_": "."}.get(character) or re.escape(character)
    return re.fullmatch(regular, text, re.DOTALL | (re.IGNORECASE if ignore_case else 0)) is not None


def compare(left: Any, operator: str, right: Any) -> bool:
    return {"<": left < right, ">": left > right, "<=": left <= right, ">=": left >= right}[operator]


def typed(kind: str, value: Any) -> Any:
    if kind == "datetime":
        return datetime.fromisoformat(value)
    if kind == "date":
        return date.fromisoformat(value[:10])
    return value


def scalar_18(stored: Any, kind: str, operator: str, value: Any) -> Truth:
    """One field up to 18."""
    if operator == "=?":
        return True if value is False else scalar_18(stored, kind, "=", value)
    if operator in ("in", "not in"):
        if kind == "boolean":
            return (bool(stored) in value) == (operator == "in")
        found = any(stored == typed(kind, item) for item in value if item is not False)
        # By identity: 0 equals False in Python and is something else to Odoo.
        found = any(item is False for item in value) if stored is None else found
        return found == (operator == "in")
    if kind == "boolean":
        return (bool(stored) == value) == (operator == "=")
    if value is False and operator in ("=", "!="):
        return (stored is None) == (operator == "=")
    if "like" in operator:
        if stored is None:
            return True if operator.startswith("not ") or (value == "" and "=" not in operator) else None
        pattern = value if "=" in operator else f"%{value}%"
        found = pattern_matches(str(stored), pattern, ignore_case="ilike" in operator)
        return found != operator.startswith("not ")
    if kind == "datetime" and len(value) == 10:
        value += " 23:59:59" if operator in (">", "<=") else " 00:00:00"
    if stored is None:
        return True if operator == "!=" and value else None
    right = typed(kind, value)
    if operator in ("=", "!="):
        return (stored == right) == (operator == "=")
    return compare(stored, operator, right)


def scalar_19(stored: Any, kind: str, operator: str, value: Any) -> Truth:
    """One field from 19 on: 0 and '' are nothing, times are whole seconds."""
    if operator == "=?":
        return True if value is False else scalar_19(stored, kind, "=", value)
    if operator in ("=", "!="):
        operator, value = ("in" if operator == "=" else "not in"), [value]
    if "like" in operator:
        if value == "":
            if "=" not in operator:
                return not operator.startswith("not ")
            operator, value = ("not in" if operator.startswith("not ") else "in"), [False]
        else:
            if stored is None:
                return True if operator.startswith("not ") else None
            pattern = value if "=" in operator else f"%{value}%"
            return pattern_matches(str(stored), pattern, ignore_case="ilike" in operator) != operator.startswith("not ")
    empty = EMPTY.get(kind)
    if kind == "boolean":
        stored = bool(stored)
    if kind == "datetime" and stored is not None:
        stored = stored.replace(microsecond=0)
    if operator in ("in", "not in"):
        wanted = {_whole(kind, item) for item in value}
        wanted = {empty if item is None else item for item in wanted}
        return ((empty if stored is None else stored) in wanted) == (operator == "in")
    right = _whole(kind, value)
    if kind == "datetime" and len(value) == 10:
        if operator in (">", "<="):
            right += timedelta(days=1)
            operator = {">": ">=", "<=": "<"}[operator]
        return None if stored is None else compare(stored, operator, right)
    if stored is None:
        return compare(empty, operator, right) or None if empty is not None else None
    return compare(stored, operator, right)


def _whole(kind: str, value: Any) -> Any:
    """A value as 19 compares it; None stands for nothing."""
    if value is False:
        return None if kind != "boolean" else False
    if kind == "datetime":
        return datetime.fromisoformat(value).replace(microsecond=0)
    return typed(kind, value)
