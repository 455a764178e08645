"""One condition on one column, as SQL: how each version treats NULL, empty values and seconds. Not here: relations.

16–18: `!=` and the negative operators also find NULL, unless they are given an empty value; times are compared to the
microsecond, as text that PostgreSQL casts. 19: 0 and '' mean the same as NULL; times are compared by whole seconds.
"""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Any

from demo.server.domains import Condition
from demo.server.errors import NotServed, value_error
from demo.server.fragments import FALSE, TRUE, Fragment, all_of, any_of, joined, value
from demo.server.registry import Field

_LIKES = {
    "like": "LIKE", "ilike": "ILIKE", "not like": "NOT LIKE", "not ilike": "NOT ILIKE", "=like": "LIKE",
    "=ilike": "ILIKE", "not =like": "NOT LIKE", "not =ilike": "NOT ILIKE",
}  # fmt: skip
_EMPTY: dict[str, Any] = {
    "char": "",
    "text": "",
    "html": "",
    "integer": 0,
    "many2one_reference": 0,
    "float": 0.0,
    "monetary": 0.0,
}
_SAME_PATTERN = re.compile(r"\d{4}-\d{2}-\d{2}")


def parameter(field: Field, content: Any) -> Fragment:
    """Give a value the type of the field's column, as Odoo does before it asks PostgreSQL."""
    if field.type in ("integer", "many2one", "many2one_reference"):
        return value(int(content or 0))
    if field.type in ("float", "monetary"):
        return value(float(content or 0.0))
    if field.type == "boolean":
        return value(bool(content))
    if field.type == "date":
        return value(str(content)[:10], "date")
    if field.type == "datetime":
        return value(str(content), "timestamp")
    if field.type in ("json", "properties", "binary"):
        raise NotServed(f"a condition on the {field.type} field {field.name}.")
    return value(str(content))


def parameters(field: Field, contents: list[Any]) -> Fragment:
    return "(" + joined((parameter(field, content) for content in contents), ", ") + ")"


def is_null(expression: Fragment) -> Fragment:
    return expression + " IS NULL"


def is_not_null(expression: Fragment) -> Fragment:
    return expression + " IS NOT NULL"


def like(expression: Fragment, field: Field, operator: str, content: Any) -> Fragment:
    left = expression if field.is_text else expression + "::text"
    pattern = str(content) if "=" in operator else f"%{content}%"
    return left + f" {_LIKES[operator]} " + value(pattern)


def classic(expression: Fragment, field: Field, condition: Condition) -> Fragment:
    """One condition as 14 to 18 understand it."""
    operator, content = condition.operator, condition.value
    if operator == "=?":
        if content is None or content is False:
            return TRUE
        operator = "="
    if operator in ("in", "not in"):
        return _classic_in(expression, field, operator, content)
    if field.type == "boolean" and operator in ("=", "!=") and isinstance(content, (bool, type(None))):
        wanted = bool(content) == (operator == "=")
        return expression + (" IS TRUE" if wanted else " IS NOT TRUE")
    if operator in ("=", "!=") and (content is False or content is None):
        return is_null(expression) if operator == "=" else is_not_null(expression)
    if operator in _LIKES:
        text = "" if content is None or content is False else content
        found = like(expression, field, operator, text)
        keeps_null = operator.startswith("not ") if text else "=" not in operator
        return any_of([found, is_null(expression)]) if keeps_null else found
    if field.type == "datetime":
        content = _whole_day(operator, content)
    found = "(" + expression + f" {operator} " + parameter(field, content) + ")"
    return any_of([found, is_null(expression)]) if operator == "!=" and content else found


def _classic_in(expression: Fragment, field: Field, operator: str, contents: list[Any]) -> Fragment:
    if field.type == "boolean":
        wanted = {bool(content) for content in contents}
        wanted = wanted if operator == "in" else {True, False} - wanted
        return _boolean_in(expression, wanted)
    kept = [content for content in contents if content is not False and content is not None]
    has_null = len(kept) < len(contents)
    if operator == "in":
        found = expression + " IN " + parameters(field, kept) if kept else FALSE
        return any_of([found, is_null(expression)]) if has_null else found
    found = expression + " NOT IN " + parameters(field, kept) if kept else TRUE
    return all_of([found, is_not_null(expression)]) if has_null else any_of_or_true(found, is_null(expression))


def any_of_or_true(found: Fragment, other: Fragment) -> Fragment:
    return TRUE if found == TRUE else any_of([found, other])


def _boolean_in(expression: Fragment, wanted: set[bool]) -> Fragment:
    if len(wanted) != 1:
        return TRUE if wanted else FALSE
    return expression + (" IS TRUE" if True in wanted else " IS NOT TRUE")


def _whole_day(operator: str, content: Any) -> Any:
    if isinstance(content, str) and len(content) == 10:
        return content + (" 23:59:59" if operator in (">", "<=") else " 00:00:00")
    return content


def modern(expression: Fragment, field: Field, condition: Condition) -> Fragment:
    """One condition as 19 and later understand it."""
    operator, content = condition.operator, condition.value
    content = False if content is None else content
    if operator == "=?":
        if content is False:
            return TRUE
        operator = "="
    if operator in ("=", "!="):
        operator, content = ("in" if operator == "=" else "not in"), [content]
    if operator in _LIKES:
        return _modern_like(expression, field, operator, content)
    if field.type == "datetime":
        return _modern_datetime(expression, operator, content)
    if operator in ("in", "not in"):
        return _modern_in(expression, field, operator, content)
    if content is False and field.type == "date":
        return FALSE
    return _modern_compare(expression, field, operator, content)


def _modern_in(expression: Fragment, field: Field, operator: str, contents: list[Any]) -> Fragment:
    if field.type == "boolean":
        wanted = {bool(content) for content in contents}
        return _boolean_in(expression, wanted if operator == "in" else {True, False} - wanted)
    if not contents:
        return FALSE if operator == "in" else TRUE
    kept = [content for content in contents if content is not False and content is not None]
    has_null = len(kept) < len(contents)
    empty = _EMPTY.get(field.type)
    if empty is not None:
        if any(type(empty)(content) == empty for content in kept):
            has_null = True
        elif has_null:
            kept = [*kept, empty]
    word = " IN " if operator == "in" else " NOT IN "
    found = expression + word + parameters(field, kept) if kept else None
    if (operator == "in") == has_null:
        return any_of([found, is_null(expression)]) if found else is_null(expression)
    return found or is_not_null(expression)


def _modern_like(expression: Fragment, field: Field, operator: str, content: Any) -> Fragment:
    negative = operator.startswith("not ")
    if content is False or content == "":
        if "=" in operator:
            return _modern_in(expression, field, "not in" if negative else "in", [False])
        return FALSE if negative else TRUE
    found = like(expression, field, operator, content)
    return any_of([found, is_null(expression)]) if negative else found


def _modern_compare(expression: Fragment, field: Field, operator: str, content: Any) -> Fragment:
    empty = _EMPTY.get(field.type)
    keeps_null = False
    if empty is not None:
        typed = type(empty)(content) if content is not False else empty
        content = typed or empty
        comparisons = {"<": empty < typed, ">": empty > typed, "<=": empty <= typed, ">=": empty >= typed}
        keeps_null = comparisons[operator]
    found = "(" + expression + f" {operator} " + parameter(field, content) + ")"
    return any_of([found, is_null(expression)]) if keeps_null else found


def _modern_datetime(expression: Fragment, operator: str, content: Any) -> Fragment:
    if operator in ("in", "not in"):
        if not content:
            return FALSE if operator == "in" else TRUE
        found = any_of(_within(expression, item) for item in content)
        return found if operator == "in" else "((" + found + ") IS NOT TRUE)"
    if content is False:
        return FALSE
    moment, step = _moment(content)
    moment = moment.replace(microsecond=0)
    if operator in (">", "<="):
        operator, moment = (">=" if operator == ">" else "<"), moment + step
    return "(" + expression + f" {operator} " + value(moment) + ")"


def _within(expression: Fragment, content: Any) -> Fragment:
    if content is False or content is None:
        return is_null(expression)
    moment = _moment(content)[0].replace(microsecond=0)
    return all_of([expression + " >= " + value(moment), expression + " < " + value(moment + timedelta(seconds=1))])


def _moment(content: Any) -> tuple[datetime, timedelta]:
    """Read an ISO date or time without zone; a date stands for its whole day."""
    if not isinstance(content, str) or not _SAME_PATTERN.match(content):
        raise value_error(f"Failed to cast {content!r} into a datetime")
    try:
        if len(content) <= 10:
            return datetime.combine(date.fromisoformat(content), datetime.min.time()), timedelta(days=1)
        moment = datetime.fromisoformat(content)
    except ValueError as error:
        raise value_error(str(error)) from None
    if moment.tzinfo is not None:
        raise value_error(f"expecting only datetimes with no timezone: {content!r}")
    return moment, timedelta(seconds=1)
