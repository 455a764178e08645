"""The values of one2many and many2many fields: ids in the other model's order, without archived and hidden ones."""

from __future__ import annotations

import ast
from collections import defaultdict
from typing import Any

from demo.server.columns import table
from demo.server.domains import EVERYTHING, Node, parse
from demo.server.environment import Environment
from demo.server.fragments import Fragment, all_of, column, quoted, value
from demo.server.orders import Ordering
from demo.server.registry import Field, Model


def can_read(environment: Environment, field: Field) -> bool:
    """Say whether the tables hold this field's links."""
    if field.name == "message_partner_ids":
        return environment.registry.has("mail_followers", "res_model", "res_id", "partner_id")
    comodel = environment.registry.models.get(field.relation or "")
    if comodel is None or not field.is_many:
        return False
    if field.type == "many2many":
        return field.relation_table is not None and environment.registry.has(*field.relation_table)
    inverse = comodel.fields.get(field.inverse or "")
    return inverse is not None and inverse.column is not None


def read(environment: Environment, model: Model, ids: list[int], field: Field) -> list[list[int]]:
    """The linked ids of each record, in the order of `ids`."""
    linked: dict[int, list[int]] = defaultdict(list)
    if ids:
        for own, other in environment.rows(_query(environment, model, ids, field)):
            linked[own].append(other)
    return [linked[record] for record in ids]


def _query(environment: Environment, model: Model, ids: list[int], field: Field) -> Fragment:
    from demo.server.searching import compiler, where_clause

    if field.name == "message_partner_ids":
        query = "select res_id, partner_id from mail_followers where res_model = %s and res_id = any(%s)"
        return Fragment(query + " order by partner_id", (model.name, ids))
    comodel = environment.registry.models[field.relation or ""]
    using = compiler(environment)
    alias = "linked"
    # Within a record's own lists attachments of fields count as any other row.
    where = where_clause(environment, comodel, alias, _domain(environment, field), archived=False, using=using)
    ordering = Ordering(using)
    order_by = ordering.compile(comodel, alias, None)
    joins = Fragment("")
    for join in ordering.joins:
        joins += join
    if field.type == "many2many":
        assert field.relation_table is not None
        relation, own, other = field.relation_table
        source = Fragment(f"{quoted(relation)} links JOIN ") + table(comodel, alias)
        source += " ON " + column(alias, "id") + " = " + column("links", other)
        key = column("links", own)
    else:
        inverse = comodel.fields[field.inverse or ""]
        source = table(comodel, alias)
        key = column(alias, inverse.name)
        if inverse.type != "many2one":
            name = next(name for name in ("model", "res_model") if name in comodel.fields)
            where = all_of([where, column(alias, name) + " = " + value(model.name)])
    selected = "SELECT " + key + ", " + column(alias, "id") + " FROM " + source + joins
    return selected + " WHERE " + all_of([key + Fragment(" = ANY(%s)", (ids,)), where]) + order_by


def _domain(environment: Environment, field: Field) -> Node:
    """The field's own domain, where it is plain data; one that needs Odoo's code to evaluate is not applied."""
    if not field.domain:
        return EVERYTHING
    try:
        content: Any = ast.literal_eval(field.domain)
    except (ValueError, SyntaxError):
        return EVERYTHING
    return parse(content, environment.dialect) if isinstance(content, list) else EVERYTHING
