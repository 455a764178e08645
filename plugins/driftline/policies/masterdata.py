"""`masterdata.yml` and `masterdata/*.yml`: what is wrong with a record, when a rate is bad, which pairs are no doubles.

A rule is one file and carries its own SQL: over the columns of one kind of record, or as a whole query. How it is
evaluated, and only for what changed, is the dbt project's work (macros/masterdata.sql).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field, StringConstraints, model_validator

from driftline.declarations import Strict, read_yaml, validate
from driftline.errors import ConfigError
from driftline.identifiers import LIBRARY
from driftline.policies.sod import Severity

if TYPE_CHECKING:
    from pathlib import Path

    from driftline.registry import Registry

Percent = Annotated[float, Field(ge=0, le=100)]
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=3)]
Sql = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]

# What a query may read, as {name}: the kinds of record, and what refers to them. The dbt project says what each one is.
SUBJECTS = {
    "res.partner": "partner", "res.partner.bank": "bank_account", "product.template": "product",
    "product.product": "variant", "uom.uom": "unit", "account.account": "account", "account.tax": "tax",
    "hr.employee": "employee",
}  # fmt: skip
RELATIONS = (*SUBJECTS.values(), "move", "sale", "purchase", "journal")

# Which rules look at a record is one number, a bit each.
_MOST_RULES = 60
_PLACE = re.compile(r"\{(\w*)\}")
_NAME = re.compile(r"[a-z][a-z0-9_]*")


class Kind(StrEnum):
    DUPLICATE = "duplicate"
    GAP = "gap"
    INCONSISTENCY = "inconsistency"


class Rule(Strict):
    """One rule. `looks_at` says which records it speaks of, and exactly one of the others what it finds in them.

    `same`: an expression; records of a client that share its value are doubles. `needs`: what must be there, by name.
    `finds`: an expression that gives words where something is wrong, else NULL. `query`: client_id, record_id, detail.
    """

    title: Words
    about: str
    kind: Kind
    severity: Severity
    looks_at: Sql
    same: Sql | None = None
    needs: dict[str, Sql] | None = Field(default=None, min_length=1)
    finds: Sql | None = None
    query: Sql | None = None

    @model_validator(mode="after")
    def _check(self) -> Rule:
        if self.about not in SUBJECTS:
            raise ValueError(f"about: no records '{self.about}'; there are {', '.join(SUBJECTS)}")
        said = [name for name in ("same", "needs", "finds", "query") if getattr(self, name) is not None]
        if len(said) != 1:
            raise ValueError(f"a rule says one of same, needs, finds, query; this says {', '.join(said) or 'none'}")
        if (self.same is not None) != (self.kind is Kind.DUPLICATE):
            raise ValueError("same and duplicate go together")
        if unknown := set(_PLACE.findall(self.query or "")) - set(RELATIONS):
            raise ValueError(f"query: no relation '{min(unknown)}'; there are {', '.join(RELATIONS)}")
        return self


class Rate(Strict):
    """From which rate on master data is to be watched, and acted upon."""

    watch_from_pct: Percent
    act_from_pct: Percent

    @model_validator(mode="after")
    def _check(self) -> Rate:
        if self.act_from_pct < self.watch_from_pct:
            raise ValueError("act_from_pct is lower than watch_from_pct")
        return self


class Different(Strict):
    """Two records of one client that a rule takes for one and somebody knows to be two, until a day."""

    client: str
    rule: str
    records: tuple[int, int]
    owner: Words
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=10)]
    until: date

    @model_validator(mode="after")
    def _check(self) -> Different:
        if self.records[0] == self.records[1]:
            raise ValueError("records: names one record twice")
        return self


class MasterdataPolicy(Strict):
    """`masterdata.yml` with the rules by name."""

    rate: Rate
    different: tuple[Different, ...]
    rules: dict[str, Rule]

    def settings(self) -> Iterator[tuple[str, Any]]:
        """Give every setting as section.key and value."""
        for key, value in self.rate.model_dump().items():
            yield f"masterdata.{key}", value
        yield "masterdata.different", [it.model_dump(mode="json") for it in self.different]
        for name, rule in self.rules.items():
            yield f"masterdata_rule.{name}", rule.model_dump(mode="json", exclude_none=True)


class _File(Strict):
    rate: Rate
    legal_forms: tuple[Annotated[str, StringConstraints(pattern=r"^[^\W_A-Z]+$")], ...]
    different: tuple[Any, ...] = ()


def load_rules(folder: Path) -> dict[str, Rule]:
    """Read `masterdata/*.yml` by the name of the file; raise ConfigError that names the file."""
    rules: dict[str, Rule] = {}
    for path in sorted((folder / "masterdata").glob("*.yml")):
        if not _NAME.fullmatch(path.stem):
            raise ConfigError(f"{path}: a rule's file is named in lower case, as partner_same_vat.yml.")
        rules[path.stem] = validate(Rule, read_yaml(path), where=f"{path}: rule '{path.stem}'")
    for about, count in Counter(rule.about for rule in rules.values()).items():
        if count > _MOST_RULES:
            raise ConfigError(f"{folder / 'masterdata'}: {count} rules about {about}; {_MOST_RULES} are the most.")
    if not rules:
        raise ConfigError(f"{folder / 'masterdata'}: no rules of master data.")
    return rules


def rules_variable(folder: Path) -> dict[str, Any]:
    """Give what dbt writes queries from; `version` moves with everything that decides what a rule finds in a record."""
    file = _read_file(folder)
    rules = {name: rule.model_dump(mode="json") for name, rule in load_rules(folder).items()}
    said = json.dumps([rules, file.legal_forms, LIBRARY], sort_keys=True)
    version = hashlib.sha256(said.encode()).hexdigest()[:16]
    return {"rules": rules, "subjects": SUBJECTS, "legal_forms": list(file.legal_forms), "version": version}


def _read_file(folder: Path) -> _File:
    path = folder / "masterdata.yml"
    return validate(_File, read_yaml(path), where=str(path))


def load_masterdata(folder: Path, registry: Registry) -> MasterdataPolicy:
    """Read `masterdata.yml` and its rules; raise ConfigError that names file and entry, also for an unknown client."""
    path = folder / "masterdata.yml"
    file, rules = _read_file(folder), load_rules(folder)
    different: dict[tuple[str, str, frozenset[int]], Different] = {}
    for number, entry in enumerate(file.different, start=1):
        where = f"{path}: different {number}"
        pair = validate(Different, entry, where=where)
        registry.client(pair.client, where=where)
        if pair.rule not in rules or rules[pair.rule].kind is not Kind.DUPLICATE:
            doubles = ", ".join(name for name, rule in rules.items() if rule.kind is Kind.DUPLICATE)
            raise ConfigError(f"{where}: '{pair.rule}' is no rule about duplicates.", hint=f"There are: {doubles}.")
        place = (pair.client, pair.rule, frozenset(pair.records))
        if place in different:
            raise ConfigError(f"{where}: this pair is named twice.", hint="Change the first one's end.")
        different[place] = pair
    return MasterdataPolicy(rate=file.rate, different=tuple(different.values()), rules=rules)
