"""Search and count: domain, archived rows, rules, order, limit. What the rows hold is read in `reading`."""

from __future__ import annotations

from typing import Any

from demo.server import hiding
from demo.server.access import check_model
from demo.server.columns import table
from demo.server.compiler import Compiler
from demo.server.domains import Both, Condition, Node, conditions, parse
from demo.server.environment import Environment
from demo.server.fragments import Fragment, all_of, column, value
from demo.server.orders import Ordering
from demo.server.registry import Model
from demo.server.rules import restriction


def compiler(environment: Environment) -> Compiler:
    # Reading needs searching for rules, and searching needs rules: the import closes the circle at run time.
    from demo.server.reading import raw_values

    return Compiler(environment, restriction(raw_values))


def search(
    environment: Environment,
    model: Model,
    domain: Any,
    *,
    offset: int = 0,
    limit: int | None = None,
    order: str | None = None,
    archived: bool = False,
) -> list[int]:
    """Ids in order. A limit of 0, False or None means all; for messages rows go missing after the limit."""
    check_model(environment, model.name, "read")
    node = parse(domain, environment.dialect)
    if hiding.has_filter(environment, model) and not hiding.filters_after_limit(model):
        found = hiding.keep_visible(environment, model, _select(environment, model, node, 0, None, order, archived))
        return found[offset or 0 :][: limit or None]
    found = _select(environment, model, node, offset, limit, order, archived)
    return hiding.keep_visible(environment, model, found)


def count(environment: Environment, model: Model, domain: Any, limit: int | None = None) -> int:
    """The number of rows that a search would give, at most `limit`."""
    check_model(environment, model.name, "read")
    node = parse(domain, environment.dialect)
    if hiding.has_filter(environment, model):
        number = len(hiding.keep_visible(environment, model, _select(environment, model, node, 0, None, "id", False)))
        return min(number, limit) if limit else number
    alias = model.table
    where = where_clause(environment, model, alias, node, archived=False, using=compiler(environment))
    inner = "SELECT 1 FROM " + table(model, alias) + " WHERE " + where
    if limit:
        inner += " LIMIT " + value(limit)
    return int(environment.rows("SELECT count(*) FROM (" + inner + ") counted")[0][0])


def where_clause(
    environment: Environment, model: Model, alias: str, node: Node, *, archived: bool, using: Compiler
) -> Fragment:
    """Everything a search filters by: the domain, the archived rows it leaves out, the rows the user may not see."""
    node = hiding.with_default_domain(environment, model, node)
    parts = [using.compile(model, alias, node)]
    if not archived and _hides_archived(environment, model, node):
        parts.append(using.compile(model, alias, Condition(str(model.active_field), "=", True)))
    parts.append(restriction_for(environment, model, alias, using))
    return all_of(parts)


def restriction_for(environment: Environment, model: Model, alias: str, using: Compiler) -> Fragment:
    return using._restrict(environment, model, alias, using)


def _hides_archived(environment: Environment, model: Model, node: Node) -> bool:
    if not model.active_field or not environment.context.get("active_test", True):
        return False
    return all(condition.field != model.active_field for condition in conditions(node))


def _select(
    environment: Environment,
    model: Model,
    node: Node,
    offset: int,
    limit: int | None,
    order: str | None,
    archived: bool,
) -> list[int]:
    alias = model.table
    using = compiler(environment)
    where = where_clause(environment, model, alias, node, archived=archived, using=using)
    ordering = Ordering(using)
    order_by = ordering.compile(model, alias, order)
    query = "SELECT " + column(alias, "id") + " FROM " + table(model, alias)
    for join in ordering.joins:
        query += join
    query = query + " WHERE " + where + order_by
    if limit:
        query += " LIMIT " + value(limit)
    if offset:
        query += " OFFSET " + value(offset)
    return [row[0] for row in environment.rows(query)]


def visible_ids(environment: Environment, model: Model, ids: list[int]) -> set[int]:
    """Which of these rows exist and may be seen, archived ones included."""
    if not ids:
        return set()
    alias = model.table
    using = compiler(environment)
    parts = [
        Fragment(f"{column(alias, 'id').text} = ANY(%s)", (ids,)),
        restriction_for(environment, model, alias, using),
    ]
    rows = environment.rows(
        "SELECT " + column(alias, "id") + " FROM " + table(model, alias) + " WHERE " + all_of(parts)
    )
    return {row[0] for row in rows}


__all__ = ["Both", "compiler", "count", "search", "visible_ids", "where_clause"]
