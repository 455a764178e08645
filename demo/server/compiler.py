"""From a domain to SQL: paths, inherited and related fields, relations and hierarchies. Scalars are in `conditions`."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from demo.server import conditions
from demo.server.columns import expression, has_expression, table
from demo.server.domains import Both, Condition, Constant, Either, Node, Not
from demo.server.environment import Environment
from demo.server.errors import NotServed, value_error
from demo.server.fragments import FALSE, TRUE, Fragment, all_of, any_of, column, joined, negated, quoted, value
from demo.server.registry import Field, Model

Restriction = Callable[[Environment, Model, str, "Compiler"], Fragment]
_LIKES = frozenset({"like", "ilike", "=like", "=ilike", "not like", "not ilike", "not =like", "not =ilike"})
_NEGATIVE = frozenset({"!=", "not in", "not like", "not ilike", "not any", "not =like", "not =ilike"})


class Compiler:
    """Compiles the conditions of one query; `restrict` adds what the user may not see to every model gone through."""

    def __init__(self, environment: Environment, restrict: Restriction) -> None:
        self.environment = environment
        self._restrict = restrict
        self._numbers = itertools.count(1)

    def alias(self, model: Model) -> str:
        return f"{model.table[:50]}_{next(self._numbers)}"

    def compile(self, model: Model, alias: str, node: Node) -> Fragment:
        """SQL for a domain over the rows that `alias` stands for."""
        match node:
            case Constant(holds):
                return TRUE if holds else FALSE
            case Both(parts):
                return all_of([self.compile(model, alias, part) for part in parts])
            case Either(parts):
                return any_of([self.compile(model, alias, part) for part in parts])
            case Not(part):
                compiled = self.compile(model, alias, part)
                # Up to 18 what is neither true nor false (a path through nothing) stays so when it is negated.
                return (
                    "(" + compiled + ") IS NOT TRUE" if self.environment.dialect.modern_domains else negated(compiled)
                )
        return self._condition(model, alias, node)

    def selection(self, model: Model, node: Node, *, what: str = "id", archived: bool) -> Fragment:
        """A subquery for the rows of a model that satisfy a domain and that the user may see."""
        alias = self.alias(model)
        parts = [self.compile(model, alias, node), self._restrict(self.environment, model, alias, self)]
        if not archived and model.active_field:
            parts.append(self._shown(model, alias))
        return "(SELECT " + column(alias, what) + " FROM " + table(model, alias) + " WHERE " + all_of(parts) + ")"

    def _shown(self, model: Model, alias: str) -> Fragment:
        return self.compile(model, alias, Condition(str(model.active_field), "=", True))

    def _condition(self, model: Model, alias: str, condition: Condition) -> Fragment:
        first, _, rest = condition.field.partition(".")
        field = model.fields.get(first)
        if field is None:
            dialect = self.environment.dialect
            raise value_error(dialect.invalid_domain_field(model.name, first, condition.as_written()))
        if rest:
            return self._through(model, alias, field, replace(condition, field=rest))
        if field.name == "display_name" and not field.column:
            return self._named(model, alias, condition)
        if field.name in ("message_partner_ids", "is_member") and not field.stored:
            return self._searched(model, alias, condition)
        if field.path and not has_expression(self.environment, field):
            link = model.fields.get(field.path[0])
            if link is not None and len(field.path) == 1:
                return self._condition(model, alias, replace(condition, field=link.name))
            if link is not None:
                path = ".".join(field.path[1:])
                return self._sudo()._through(model, alias, link, replace(condition, field=path))
        if field.is_many:
            return self._many(model, alias, field, condition)
        if not has_expression(self.environment, field):
            return self._not_stored(model, field)
        if condition.operator in ("child_of", "parent_of"):
            return self._hierarchy(model, alias, field, condition)
        if field.type == "many2one":
            return self._many2one(model, alias, field, condition)
        return self._scalar(model, alias, field, condition)

    def _sudo(self) -> Compiler:
        other = Compiler(self.environment.sudo(), self._restrict)
        other._numbers = self._numbers
        return other

    def _scalar(self, model: Model, alias: str, field: Field, condition: Condition) -> Fragment:
        if condition.operator in ("any", "not any"):
            raise value_error(f"Cannot use 'any' with non-relational fields in condition {condition.as_written()!r}")
        compiled = expression(self.environment, model, alias, field)
        rule = conditions.modern if self.environment.dialect.modern_domains else conditions.classic
        return rule(compiled, field, condition)

    def _not_stored(self, model: Model, field: Field) -> Fragment:
        """Up to 18 a condition that cannot be computed holds for every row; 19 refuses it."""
        if not self.environment.dialect.modern_domains:
            return TRUE
        raise value_error(f"Cannot convert {model.name}.{field.name} to SQL because it is not stored")

    def _comodel(self, model: Model, field: Field) -> Model:
        comodel = self.environment.registry.models.get(field.relation or "")
        if comodel is None:
            raise NotServed(f"{model.name}.{field.name} leads to {field.relation}, which this database does not have.")
        return comodel

    def _through(self, model: Model, alias: str, field: Field, condition: Condition) -> Fragment:
        """A condition on a related record: there is one, and it satisfies the rest of the path."""
        if field.type not in ("many2one", "one2many", "many2many"):
            raise value_error(
                f"Invalid field property in condition {condition.as_written()!r} on {model.name}.{field.name}"
            )
        return self._condition(model, alias, Condition(field.name, "any", condition))

    def _many2one(self, model: Model, alias: str, field: Field, condition: Condition) -> Fragment:
        operator, content = condition.operator, condition.value
        compiled = expression(self.environment, model, alias, field)
        if operator in ("any", "not any"):
            found = compiled + " IN " + self.selection(self._comodel(model, field), content, archived=True)
            return found if operator == "any" else any_of([conditions.is_null(compiled), negated(found)])
        texts = [item for item in (content if isinstance(content, list) else [content]) if isinstance(item, str)]
        if operator in _LIKES or texts:
            return self._many2one_by_name(model, field, compiled, condition)
        return self._scalar(model, alias, field, condition)

    def _many2one_by_name(self, model: Model, field: Field, compiled: Fragment, condition: Condition) -> Fragment:
        """Names find the records so called; a negative operator also finds the rows without any."""
        comodel = self._comodel(model, field)
        if condition.operator in _LIKES and condition.value in ("", False, None):
            positive = condition.operator not in _NEGATIVE
            return conditions.is_not_null(compiled) if positive else conditions.is_null(compiled)
        named = self._selection_by_name(comodel, condition)
        if condition.operator in _NEGATIVE:
            return any_of([conditions.is_null(compiled), compiled + " NOT IN " + named])
        return compiled + " IN " + named

    def _selection_by_name(self, comodel: Model, condition: Condition) -> Fragment:
        contents = condition.value if isinstance(condition.value, list) else [condition.value]
        operator = condition.operator.removeprefix("not ")
        operator = "=" if operator in ("in", "!=") else operator
        ids = [item for item in contents if isinstance(item, int) and not isinstance(item, bool)]
        names = [Condition("display_name", operator, item) for item in contents if isinstance(item, str)]
        parts: list[Node] = [*names, *([Condition("id", "in", ids)] if ids else [])]
        return self.selection(comodel, Either(tuple(parts)), archived=False)

    def _named(self, model: Model, alias: str, condition: Condition) -> Fragment:
        """A search by the record's shown name looks at the field that names it."""
        if model.name_field is None or model.fields[model.name_field].is_many:
            return self._not_stored(model, model.fields["display_name"])
        return self._condition(model, alias, replace(condition, field=model.name_field))

    def _searched(self, model: Model, alias: str, condition: Condition) -> Fragment:
        """Two computed fields that record rules ask for, searched in the tables that answer for them."""
        own_id, registry = column(alias, "id"), self.environment.registry
        positive = condition.operator not in _NEGATIVE
        if condition.field == "is_member":
            positive = bool(condition.value) == positive
            partner = Fragment("(SELECT partner_id FROM res_users WHERE id = %s)", (self.environment.user_id,))
            if not registry.has("discuss_channel_member", "channel_id", "partner_id"):
                return FALSE
            found = own_id + " IN (SELECT channel_id FROM discuss_channel_member WHERE partner_id IN " + partner + ")"
            return found if positive else negated(found)
        followers = registry.models.get("mail.followers")
        if followers is None:
            return FALSE
        operator = "=" if condition.operator == "!=" else condition.operator.removeprefix("not ")
        domain = Both((Condition("res_model", "=", model.name), Condition("partner_id", operator, condition.value)))
        found = own_id + " IN " + self._sudo().selection(followers, domain, what="res_id", archived=True)
        return found if positive else negated(found)

    def _many(self, model: Model, alias: str, field: Field, condition: Condition) -> Fragment:
        """A one2many or many2many: is there a linked record such as asked for."""
        operator, content = condition.operator, condition.value
        own_id = column(alias, "id")
        if operator in ("=", "!=") and (content is False or content is None):
            linked = own_id + " IN " + self.links(model, field, None)
            return linked if operator == "!=" else negated(linked)
        if field.type == "one2many" and field.relation not in self.environment.registry.models:
            # The other model's table is not there: nothing can be linked.
            return TRUE if operator in _NEGATIVE else FALSE
        comodel = self._comodel(model, field)
        if operator in ("any", "not any"):
            chosen = self.selection(comodel, content, archived=self.environment.context.get("active_test") is False)
        elif operator in ("child_of", "parent_of"):
            chosen = self._tree(comodel, content, down=operator == "child_of", parent=comodel.parent_field)
        elif operator in _LIKES or any(isinstance(item, str) for item in _listed(content)):
            chosen = self._selection_by_name(comodel, condition)
        else:
            chosen = self._ids(content)
        found = own_id + " IN " + self.links(model, field, chosen)
        if False in _listed(content) and operator in ("in", "not in"):
            found = any_of([found, negated(own_id + " IN " + self.links(model, field, None))])
        return negated(found) if operator in _NEGATIVE else found

    def links(self, model: Model, field: Field, chosen: Fragment | None) -> Fragment:
        """A subquery for the ids of this model's rows that are linked to chosen rows of the other, or to any."""
        if field.type == "many2many":
            if field.relation_table is None or not self.environment.registry.has(*field.relation_table):
                raise NotServed(f"{model.name}.{field.name} is kept in a table that this database does not have.")
            relation, own, other = field.relation_table
            alias = f"rel_{next(self._numbers)}"
            where = column(alias, other) + " IN " + chosen if chosen else TRUE
            source = Fragment(f"{quoted(relation)} {quoted(alias)}")
            return "(SELECT " + column(alias, own) + " FROM " + source + " WHERE " + where + ")"
        comodel = self._comodel(model, field)
        inverse = comodel.fields.get(field.inverse or "")
        if inverse is None or not inverse.column:
            raise NotServed(f"the inverse field of {model.name}.{field.name} is not known.")
        alias = self.alias(comodel)
        parts = [conditions.is_not_null(column(alias, inverse.name))]
        if chosen:
            parts.append(column(alias, "id") + " IN " + chosen)
        if inverse.type != "many2one":
            parts.append(self._of_model(comodel, alias, model))
        return (
            "(SELECT "
            + column(alias, inverse.name)
            + " FROM "
            + table(comodel, alias)
            + " WHERE "
            + all_of(parts)
            + ")"
        )

    def _of_model(self, comodel: Model, alias: str, model: Model) -> Fragment:
        """The rows of a table that points at records of any model, for one of these models."""
        name = next((name for name in ("model", "res_model") if name in comodel.fields), None)
        return column(alias, name) + " = " + value(model.name) if name else TRUE

    def _ids(self, content: Any) -> Fragment:
        ids = [int(item) for item in _listed(content) if item not in (False, None)]
        return "(" + joined((value(item) for item in ids), ", ") + ")" if ids else Fragment("(NULL)")

    def _hierarchy(self, model: Model, alias: str, field: Field, condition: Condition) -> Fragment:
        down = condition.operator == "child_of"
        if field.name == "id":
            tree = self._tree(model, condition.value, down=down, parent=model.parent_field)
            return column(alias, "id") + " IN " + tree
        comodel = self._comodel(model, field)
        if comodel.name == model.name:
            return column(alias, "id") + " IN " + self._tree(model, condition.value, down=down, parent=field.name)
        tree = self._tree(comodel, condition.value, down=down, parent=comodel.parent_field)
        return expression(self.environment, model, alias, field) + " IN " + tree

    def _tree(self, model: Model, content: Any, *, down: bool, parent: str | None) -> Fragment:
        """The given records with all their descendants or ancestors."""
        named = [item for item in _listed(content) if isinstance(item, str)]
        start = self._ids([item for item in _listed(content) if not isinstance(item, (str, bool))])
        if named:
            start = self._selection_by_name(model, Condition("display_name", "ilike", _listed(content)))
        name = f"tree_{next(self._numbers)}"
        row, seed = self.alias(model), self.alias(model)
        seeds = (
            "SELECT "
            + column(seed, "id")
            + " FROM "
            + table(model, seed)
            + " WHERE "
            + column(seed, "id")
            + " IN "
            + start
        )
        if parent is None:
            return "(" + seeds + ")"
        if down:
            step = f'SELECT {quoted(row)}."id" FROM {quoted(model.table)} {quoted(row)}'
            step += f' JOIN {name} ON {quoted(row)}.{quoted(parent)} = {name}."id"'
        else:
            step = f"SELECT {quoted(row)}.{quoted(parent)} FROM {quoted(model.table)} {quoted(row)}"
            step += f' JOIN {name} ON {quoted(row)}."id" = {name}."id" WHERE {quoted(row)}.{quoted(parent)} IS NOT NULL'
        return f'(WITH RECURSIVE {name}("id") AS (' + seeds + f' UNION {step}) SELECT "id" FROM {name})'


def _listed(content: Any) -> list[Any]:
    return content if isinstance(content, list) else [content]
