"""What a record is called: the second half of [id, name], and `display_name`."""

from __future__ import annotations

from typing import Any

from demo.server.columns import expression, has_expression, table
from demo.server.environment import Environment
from demo.server.fragments import Fragment, column
from demo.server.registry import Model


def names(environment: Environment, model_name: str, ids: set[int]) -> dict[int, Any]:
    """Names by id, of the rows that exist; a model that this database does not have is called `model,id`."""
    if not ids:
        return {}
    model = environment.registry.models.get(model_name)
    if model is None:
        return {record: f"{model_name},{record}" for record in ids}
    known: dict[int, Any] = environment.recall(("names", model_name, environment.context.get("lang")), dict)
    missing = sorted(ids - known.keys())
    if missing:
        known.update(_look_up(environment.sudo(), model, missing))
    return {record: known[record] for record in ids if record in known}


def _look_up(environment: Environment, model: Model, ids: list[int]) -> dict[int, Any]:
    if model.name == "ir.model.fields" and environment.registry.has("ir_model", "model", "name"):
        return _field_names(environment, model, ids)
    field = model.fields.get(model.name_field or "")
    if field is None:
        rows = environment.rows(_query(model, Fragment("NULL"), ids))
        return {record: f"{model.name},{record}" for record, _ in rows}
    if field.type == "many2one" or not has_expression(environment, field):
        from demo.server.reading import is_served, raw_values

        if not is_served(environment, model, field):
            # From 19 on a message is named after its record by code; the servers answered False where one was listed.
            return {record: False for record, _ in environment.rows(_query(model, Fragment("NULL"), ids))}
        found = dict(zip(ids, raw_values(environment, model, ids, field.name), strict=True))
        exist = {row[0] for row in environment.rows(_query(model, Fragment("NULL"), ids))}
        if field.type == "many2one":
            others = names(environment, field.relation or "", {value for value in found.values() if value})
            found = {record: others.get(value, False) for record, value in found.items()}
        return {record: value for record, value in found.items() if record in exist}
    rows = environment.rows(_query(model, expression(environment, model, model.table, field), ids))
    return {record: False if name is None else name for record, name in rows}


def _field_names(environment: Environment, model: Model, ids: list[int]) -> dict[int, Any]:
    """A field is shown with the name of its model: "Stage (Helpdesk Ticket)"."""
    described = expression(environment, model, model.table, model.fields["field_description"])
    titles = environment.registry.models["ir.model"]
    title = expression(environment, titles, "titles", titles.fields["name"])
    query = "SELECT " + column(model.table, "id") + ", " + described + " || ' (' || " + title + " || ')' FROM "
    query += table(model, model.table) + " JOIN " + table(titles, "titles") + " ON titles.model = "
    query += column(model.table, "model") + " WHERE " + column(model.table, "id") + Fragment(" = ANY(%s)", (ids,))
    return dict(environment.rows(query))


def _query(model: Model, shown: Fragment, ids: list[int]) -> Fragment:
    query = "SELECT " + column(model.table, "id") + ", " + shown + " FROM " + table(model, model.table)
    return query + " WHERE " + column(model.table, "id") + Fragment(" = ANY(%s)", (ids,))
