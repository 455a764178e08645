"""`order` as SQL: field names, many2one by the other model's own order, and the errors for what cannot be sorted."""

from __future__ import annotations

import re

from demo.server.columns import expression, has_expression, table
from demo.server.compiler import Compiler
from demo.server.environment import Environment
from demo.server.errors import UserError, value_error
from demo.server.fragments import Fragment, column, joined
from demo.server.registry import Field, Model

_VALID = re.compile(
    r"^(\s*([a-z0-9:_]+|\"[a-z0-9:_]+\")(\.id)?(\s+(desc|asc))?(\s+nulls\s+(first|last))?\s*(,|$))+(?<!,)$",
    re.IGNORECASE,
)
_NULLS = re.compile(r"\s+nulls\s+(first|last)\s*$", re.IGNORECASE)


class Ordering:
    """The ORDER BY of one query, with the joins that it needs."""

    def __init__(self, compiler: Compiler) -> None:
        self._compiler = compiler
        self._environment: Environment = compiler.environment
        self.joins: list[Fragment] = []

    def compile(self, model: Model, alias: str, order: str | None) -> Fragment:
        """`ORDER BY …`, or nothing when no field of the order can be sorted by."""
        parts = self._parts(model, alias, order or model.order, reverse=False, seen=frozenset())
        return " ORDER BY " + joined(parts, ", ") if parts else Fragment("")

    def _parts(self, model: Model, alias: str, order: str, *, reverse: bool, seen: frozenset[str]) -> list[Fragment]:
        if not isinstance(order, str) or not _VALID.match(order):
            raise UserError(
                f'Invalid "order" specified ({order}). A valid "order" specification is a comma-separated list of valid'
                " field names (optionally followed by asc/desc for the direction)"
            )
        parts: list[Fragment] = []
        for item in order.split(","):
            nulls = _NULLS.search(item)
            words = _NULLS.sub("", item).split()
            name = words[0].strip('"')
            descending = (len(words) > 1 and words[1].lower() == "desc") != reverse
            ending = (" DESC" if descending else "") + (f" NULLS {nulls[1].upper()}" if nulls else "")
            parts += self._field(model, alias, name, ending, descending=descending, seen=seen)
        return parts

    def _field(
        self, model: Model, alias: str, name: str, ending: str, *, descending: bool, seen: frozenset[str]
    ) -> list[Fragment]:
        by_id = name.endswith(".id")
        name = name.removesuffix(".id")
        field = model.fields.get(name)
        if field is None:
            raise value_error(self._environment.dialect.invalid_order_field(model.name, name))
        if field.path and not has_expression(self._environment, field):
            return self._related(model, alias, field, ending, descending=descending, seen=seen)
        if field.is_many or not has_expression(self._environment, field):
            return self._not_stored(model, field)
        plain = expression(self._environment, model, alias, field)
        if field.type == "many2one" and not by_id:
            return self._many2one(plain, field, ending, descending=descending, seen=seen)
        if field.type == "boolean":
            return ["COALESCE(" + plain + ", FALSE)" + ending]
        return [plain + ending]

    def _not_stored(self, model: Model, field: Field) -> list[Fragment]:
        """Up to 18 such a part of the order is passed over; 19 refuses it."""
        if not self._environment.dialect.modern_domains:
            return []
        raise value_error(f"Cannot convert {model.name}.{field.name} to SQL because it is not stored")

    def _related(
        self, model: Model, alias: str, field: Field, ending: str, *, descending: bool, seen: frozenset[str]
    ) -> list[Fragment]:
        assert field.path is not None
        if not field.inherited and not self._environment.dialect.modern_domains:
            return []
        for name in field.path[:-1]:
            link = model.fields[name]
            comodel = self._environment.registry.models.get(link.relation or "")
            if link.type != "many2one" or comodel is None:
                if not self._environment.dialect.modern_domains:
                    return []
                raise value_error(
                    f"Cannot convert {model.name}.{field.name} (related={field.related}) to SQL"
                    f" because {name} is not a Many2one"
                )
            plain = expression(self._environment, model, alias, link)
            model, alias = comodel, self._join(comodel, plain)
        return self._field(model, alias, field.path[-1], ending, descending=descending, seen=seen)

    def _many2one(
        self, plain: Fragment, field: Field, ending: str, *, descending: bool, seen: frozenset[str]
    ) -> list[Fragment]:
        comodel = self._environment.registry.models.get(field.relation or "")
        key = f"{field.relation}.{field.name}"
        if comodel is None or key in seen:
            return [plain + ending]
        order = comodel.order if _VALID.match(comodel.order) else (comodel.name_field or "id")
        return self._parts(comodel, self._join(comodel, plain), order, reverse=descending, seen=seen | {key})

    def _join(self, comodel: Model, plain: Fragment) -> str:
        alias = self._compiler.alias(comodel)
        self.joins.append(" LEFT JOIN " + table(comodel, alias) + " ON " + column(alias, "id") + " = " + plain)
        return alias
