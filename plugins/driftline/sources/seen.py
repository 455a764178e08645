"""What of a model an account can see over RPC: rows may be hidden from it, silently.

Three things hide rows: the right to the model, record rules, and Odoo's own code (`rpc_hides` in the catalogue entry).
Rows that others point at and that cannot be seen are looked for in the warehouse (`visibility`).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from driftline.catalogue import Entry, OdooVersion
from driftline.sources.base import Visibility
from driftline.sources.calls import ModelForbidden
from driftline.sources.paging import Asker

_ALWAYS_TRUE = {"", "[]", "[(1,=,1)]", "[[1,=,1]]"}
_DOMAIN_FIELD = re.compile(r"[(\[]\s*['\"]([A-Za-z_][A-Za-z0-9_.]*)['\"]\s*,\s*['\"][^'\"]+['\"]\s*,")
_COMPANY_FIELD = re.compile(r"(?:\w+\.)*company_ids?\Z")
_UNIFIED_SINCE = OdooVersion(20)


@dataclass(frozen=True)
class Rule:
    """A record rule that restricts this account's reading of a model."""

    name: str
    is_about_companies: bool


@dataclass(frozen=True)
class RecordRules:
    """The rules that restrict one account, by model; None where the account may not look at rules."""

    by_model: Mapping[str, tuple[Rule, ...]] | None

    @classmethod
    def read(cls, ask: Asker, *, version: OdooVersion, user_id: int | None) -> RecordRules:
        """Read the rules that Odoo applies to this account's reading.

        Rules of groups that it is in are alternatives, so one without a condition lifts them all; rules without a group
        always hold (Odoo's documentation, "Record Rules"; from 20.0 the same in `ir.access`).
        """
        try:
            own = _own_groups(ask, version=version, user_id=user_id)
            models = {record["id"]: record["model"] for page in ask.pages("ir.model", [], ["model"]) for record in page}
            found = _access_20(ask) if version >= _UNIFIED_SINCE else _rules(ask)
        except ModelForbidden:
            return cls(None)
        everywhere: dict[str, list[Rule]] = defaultdict(list)
        of_groups: dict[str, list[Rule | None]] = defaultdict(list)
        for name, model_id, groups, domain in found:
            model = models.get(model_id, "")
            rule = None if _is_always_true(domain) else Rule(name, _is_about_companies(model, domain))
            if groups and groups & own:
                of_groups[model].append(rule)
            elif not groups and rule is not None:
                everywhere[model].append(rule)
        for model, rules in of_groups.items():
            if None not in rules:
                everywhere[model] += [rule for rule in rules if rule is not None]
        return cls({model: tuple(rules) for model, rules in everywhere.items()})


def judge(
    entry: Entry,
    *,
    rules: RecordRules,
    visible_count: int | None,
    seen_companies: int,
    company_count: int | None,
) -> Visibility:
    """Say how much of a model can be seen; whatever may hide rows makes it 'partial', with the reason."""
    reasons = []
    if rules.by_model is None:
        reasons.append("the account may not look at record rules, so what they hide is not known")
    else:
        model = entry.via.model if entry.via else entry.model
        applying = rules.by_model.get(model, ())
        if others := sorted(rule.name for rule in applying if not rule.is_about_companies):
            reasons.append(f"record rules restrict the account: {', '.join(others)}")
        if any(rule.is_about_companies for rule in applying) and seen_companies != company_count:
            said = "does not say how many there are" if company_count is None else f"says {company_count}"
            seen = f"it sees {seen_companies}, company_count in clients.yml {said}"
            reasons.append(f"a rule hides companies that the account may not enter; {seen}")
    is_by_design = bool(entry.rpc_hides) and not reasons
    if entry.rpc_hides:
        reasons.append(entry.rpc_hides)
    verdict = "partial" if reasons else "full"
    return Visibility(verdict, "; ".join(reasons), visible_count, is_by_design=is_by_design)


def _rules(ask: Asker) -> list[tuple[str, int, frozenset[int], str]]:
    fields = ["name", "model_id", "groups", "domain_force", "active", "perm_read"]
    return [
        (str(record["name"]), record["model_id"], frozenset(record["groups"]), str(record["domain_force"] or ""))
        for page in ask.pages("ir.rule", [], fields)
        for record in page
        if record["active"] and record["perm_read"]
    ]


def _access_20(ask: Asker) -> list[tuple[str, int, frozenset[int], str]]:
    fields = ["name", "model_id", "group_id", "operation", "domain", "active"]
    return [
        (
            str(record["name"]),
            record["model_id"],
            frozenset({record["group_id"]} if record["group_id"] else ()),
            str(record["domain"] or ""),
        )
        for page in ask.pages("ir.access", [], fields)
        for record in page
        if record["active"] and "r" in str(record["operation"] or "")
    ]


def _own_groups(ask: Asker, *, version: OdooVersion, user_id: int | None) -> frozenset[int]:
    """Give the account's groups with all they imply."""
    field = "group_ids" if version >= OdooVersion(19) else "groups_id"
    users = ask.search_read("res.users", [("id", "=", user_id)], [field])
    implied = {
        record["id"]: record["implied_ids"] for page in ask.pages("res.groups", [], ["implied_ids"]) for record in page
    }
    held: set[int] = set()
    waiting = list(users[0][field]) if users else []
    while waiting:
        group = waiting.pop()
        if group not in held:
            held.add(group)
            waiting += implied.get(group, [])
    return frozenset(held)


def _is_always_true(domain: str) -> bool:
    return re.sub(r"[\s'\"]", "", domain) in _ALWAYS_TRUE


def _is_about_companies(model: str, domain: str) -> bool:
    fields = set(_DOMAIN_FIELD.findall(domain))
    own = {"id"} if model == "res.company" else set()
    return bool(fields) and all(name in own or _COMPANY_FIELD.match(name) for name in fields)
