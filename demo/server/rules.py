"""Record rules: which rows of a model a user sees, from `ir_rule` (`ir_access` from 20 on) and from the test.

A rule's domain is a Python expression over `user`, `company_ids` and their like. It is evaluated node by node; what
is not known here is an error, never a rule that silently does not apply. Not here: what Odoo hides by code
(messages, attachments, menus), which is in `hiding`.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from demo.server.access import group_ids
from demo.server.compiler import Compiler
from demo.server.domains import EVERYTHING, Both, Constant, Either, Node, parse
from demo.server.environment import SUPERUSER_ID, Environment
from demo.server.errors import NotServed
from demo.server.fragments import TRUE, Fragment, column
from demo.server.registry import Model

Reader = Callable[[Environment, Model, list[int], str], list[Any]]


def restriction(read: Reader) -> Callable[[Environment, Model, str, Compiler], Fragment]:
    """Give the function that compilers call for every model they go through."""

    def restrict(environment: Environment, model: Model, alias: str, compiler: Compiler) -> Fragment:
        if environment.is_superuser or environment.user_id == SUPERUSER_ID:
            return TRUE
        node = environment.recall(("rules", model.name), lambda: visible_domain(environment, model, read))
        unrestricted = Compiler(environment.sudo().with_context(active_test=False), restrict)
        unrestricted._numbers = compiler._numbers
        found: Fragment = unrestricted.compile(model, alias, node)
        for link, parent in model.inherits.items():
            inner = environment.registry.models[parent]
            alias_of_parent = unrestricted.alias(inner)
            limit = restrict(environment, inner, alias_of_parent, unrestricted)
            if limit != TRUE:
                subquery = f'(SELECT "id" FROM "{inner.table}" "{alias_of_parent}" WHERE ' + limit + ")"
                found = "(" + found + " AND " + column(alias, link) + " IN " + subquery + ")"
        return found

    return restrict


def visible_domain(environment: Environment, model: Model, read: Reader) -> Node:
    """The rules of one model for the user, as one domain."""
    parts: list[Node] = []
    extra = environment.hidden.get(model.name)
    if extra is not None:
        parts.append(parse(["!", *_normal(extra)], environment.dialect))
    found = rules_for(environment, model)
    evaluate = Evaluator(environment, read).domain
    parts += [evaluate(rule.domain) for rule in found if rule.is_for_everybody]
    own = tuple(evaluate(rule.domain) for rule in found if not rule.is_for_everybody)
    if own:
        parts.append(Either(own))
    return Both(tuple(parts)) if parts else EVERYTHING


def _normal(domain: list[Any]) -> list[Any]:
    """Make the implied `&` of a domain explicit, so that a `!` before it means all of it."""
    count = sum(1 if isinstance(item, (list, tuple)) else {"&": -1, "|": -1}.get(item, 0) for item in domain)
    return ["&"] * (count - 1) + list(domain)


@dataclass(frozen=True)
class Rule:
    """One row of the rules: those for everybody all hold, of those for the user's groups one is enough."""

    id: int
    domain: str | None
    is_for_everybody: bool


_RULES_OF_20 = (
    "select a.id, a.domain, a.group_id is null from ir_access a join ir_model m on m.id = a.model_id"
    " where a.active and m.model = %s and position('r' in a.operation) > 0"
    " and (a.group_id is null or a.group_id = any(%s)) order by a.id"
)
_RULES = (
    "select r.id, r.domain_force, g.rule_group_id is null from ir_rule r join ir_model m on m.id = r.model_id"
    " left join (select rule_group_id, bool_or(group_id = any(%s)) as is_own from rule_group_rel group by 1) g"
    " on g.rule_group_id = r.id where r.active and r.perm_read and m.model = %s and coalesce(g.is_own, true)"
    " order by r.id"
)


def rules_for(environment: Environment, model: Model) -> list[Rule]:
    """The rules for reading a model that concern the user."""
    registry = environment.registry
    groups = list(group_ids(environment)) or [0]
    if registry.has("ir_access", "model_id", "domain"):
        return [Rule(*row) for row in environment.rows(Fragment(_RULES_OF_20, (model.name, groups)))]
    if not registry.has("ir_rule", "domain_force", "model_id") or not registry.has("rule_group_rel"):
        return []
    return [Rule(*row) for row in environment.rows(Fragment(_RULES, (groups, model.name)))]


class Records:
    """Rows of one model inside a rule: `user.partner_id.id`, `user.env.companies.mapped('country_id')`."""

    def __init__(self, evaluator: Evaluator, model: str, ids: list[int]) -> None:
        self._evaluator = evaluator
        self.model = model
        self.ids = ids

    def get(self, name: str) -> Any:
        environment = self._evaluator.environment
        if name == "ids":
            return self.ids
        if name == "id":
            return self.ids[0] if self.ids else False
        if name == "env":
            return {"companies": Records(self._evaluator, "res.company", environment.company_ids)}
        if name in ("groups_id", "group_ids", "all_group_ids") and self.model == "res.users":
            return Records(self._evaluator, "res.groups", sorted(group_ids(environment)))
        if name == "employee_id" and self.model == "res.users":
            employees = self.get("employee_ids")
            companies = self._evaluator.read(
                environment, environment.model(employees.model), employees.ids, "company_id"
            )
            own = [e for e, company in zip(employees.ids, companies, strict=True) if company == environment.company_id]
            return Records(self._evaluator, employees.model, own[:1])
        model = environment.registry.models.get(self.model)
        field = model.fields.get(name) if model else None
        if model is None or field is None:
            raise NotServed(f"a record rule looks at {self.model}.{name}, which this database does not have.")
        values = self._evaluator.read(environment, model, self.ids, name) if self.ids else []
        if field.relation:
            flat = [item for found in values for item in (found if isinstance(found, list) else [found]) if item]
            return Records(self._evaluator, field.relation, list(dict.fromkeys(flat)))
        return values[0] if values else False


class Evaluator:
    """Evaluates the Python expression of a rule's domain for one user."""

    def __init__(self, environment: Environment, read: Reader) -> None:
        self.environment = environment.sudo()
        self._names = environment
        self.read = read

    def domain(self, text: str | None) -> Node:
        if not text or not text.strip():
            return Constant(True)
        return parse(self._value(ast.parse(text.strip(), mode="eval").body), self.environment.dialect)

    def _value(self, node: ast.expr) -> Any:
        match node:
            case ast.Constant(content):
                return content
            case ast.List(items) | ast.Tuple(items):
                return [self._value(item) for item in items]
            case ast.Name(name):
                return self._name(name)
            case ast.BinOp(left, ast.Add(), right):
                return self._value(left) + self._value(right)
            case ast.Attribute(base, name):
                return _attribute(self._value(base), name)
            case ast.Call(ast.Attribute(base, "mapped"), [ast.Constant(path)]):
                return self._mapped(self._value(base), str(path))
        raise NotServed(f"a record rule says {ast.unparse(node)!r}, which this server cannot evaluate.")

    def _name(self, name: str) -> Any:
        names: dict[str, Callable[[], Any]] = {
            "user": lambda: Records(self, "res.users", [self._names.user_id]),
            "company_ids": lambda: list(self._names.company_ids),
            "company_id": lambda: self._names.company_id,
            "False": lambda: False,
            "True": lambda: True,
        }
        if name not in names:
            raise NotServed(f"a record rule uses the name {name!r}, which this server cannot evaluate.")
        return names[name]()

    def _mapped(self, records: Records, path: str) -> Any:
        model = self.environment.registry.models[records.model]
        if model.fields[path].relation:
            return records.get(path)
        return self.read(self.environment, model, records.ids, path)


def _attribute(base: Any, name: str) -> Any:
    if isinstance(base, Records):
        return base.get(name)
    if isinstance(base, dict) and name in base:
        return base[name]
    raise NotServed(f"a record rule looks at .{name} of a plain value, which this server cannot evaluate.")
