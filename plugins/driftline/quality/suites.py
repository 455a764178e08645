"""The suites as declared in `expectations/`: one YAML file per gated table, in Great Expectations' own words, strict.

No Great Expectations here: that an expectation's type and arguments exist is checked by `runner`, which imports it.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field, StringConstraints

from driftline.declarations import Strict, read_yaml, validate
from driftline.errors import ConfigError

ROW_RULE = "unexpected_rows_expectation"

# Without these two a suite passes on an empty table, or on a table that lost a client.
REQUIRED_IDS = ("row_count", "client_coverage")

# What these ask is the same in every suite: whose rows are these, and of which quarter and build?
_ISOLATION_IDS = {"row_count", "client_coverage", "known_clients", "quarter_under_review", "grain", "one_build"}
# Who belongs to a build, and was it read: nothing that is found there is an exemption's matter.
_ISOLATION_SUITE = "quality.checked_client"

_TABLE = re.compile(r"[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*\Z")
_HINT = "The README shows an expectation under 'Add a check'."


class Meta(Strict):
    """What names an expectation in results and messages; what may not be waived (`kind`); what its failure costs.

    With `voids` a failure makes one KPI n/a and leaves the gate open: a KPI's name, or `row` for that of failing rows.
    """

    id: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
    kind: Literal["isolation", "reference", "secrecy"] | None = None
    voids: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")] | None = None


class Declared(Strict):
    """One expectation as written."""

    type: str
    kwargs: dict[str, Any] = Field(default_factory=dict)
    severity: Literal["critical", "warning"]
    notes: Annotated[str, StringConstraints(strip_whitespace=True, min_length=10)]
    meta: Meta


class _SuiteMeta(Strict):
    key: Annotated[tuple[str, ...], Field(min_length=1)]


class _SuiteFile(Strict):
    name: str
    notes: str
    meta: _SuiteMeta
    expectations: Annotated[tuple[Any, ...], Field(min_length=1)]


@dataclass(frozen=True)
class Expectation:
    """One expectation with the place where it stands."""

    id: str
    type: str
    kwargs: dict[str, Any]
    severity: str
    notes: str
    where: str
    kind: str | None = None
    voids: str | None = None

    @property
    def query(self) -> str:
        """The SQL of a row rule."""
        return str(self.kwargs["unexpected_rows_query"]).rstrip().rstrip(";")


@dataclass(frozen=True)
class Suite:
    """One gated table's expectations; `key` names the columns that may be stored of a failing row."""

    table: str
    key: tuple[str, ...]
    expectations: tuple[Expectation, ...]
    where: str


def load_suites(folder: Path) -> tuple[Suite, ...]:
    """Read every suite of the folder; raise ConfigError with file and line for anything that would be ignored."""
    stray = sorted(path for path in folder.glob("*") if path.is_file() and path.suffix != ".yml")
    if stray:
        raise ConfigError(f"{stray[0]}: not a suite.", hint="A suite is named schema.table.yml.")
    suites = tuple(_load(path) for path in sorted(folder.glob("*.yml")))
    if not suites:
        raise ConfigError(
            f"{folder}: no suites; nothing would be checked.", hint="Set DRIFTLINE_HOME, or restore them."
        )
    return suites


def _load(path: Path) -> Suite:
    declared = validate(_SuiteFile, read_yaml(path), where=str(path))
    if declared.name != path.stem or not _TABLE.match(declared.name):
        raise ConfigError(f"{path}: name is '{declared.name}'. A suite and its file are named after the table.")
    if declared.meta.key[0] != "client_id":
        raise ConfigError(f"{path}: meta.key starts with '{declared.meta.key[0]}'; every key starts with client_id.")
    lines = _lines(path)
    expectations: list[Expectation] = []
    for line, entry in zip(lines, declared.expectations, strict=True):
        where = f"{path}:{line}"
        expectation = _expectation(entry, where)
        if twin := next((other for other in expectations if other.id == expectation.id), None):
            raise ConfigError(f"{where}: expectation '{expectation.id}' stands already at {twin.where}.")
        expectations.append(expectation)
    if declared.name == _ISOLATION_SUITE:
        expectations = [replace(item, kind="isolation") for item in expectations]
    for required in REQUIRED_IDS:
        if required not in {expectation.id for expectation in expectations}:
            raise ConfigError(f"{path}: no expectation '{required}': the suite would pass without rows.", hint=_HINT)
    return Suite(table=declared.name, key=declared.meta.key, expectations=tuple(expectations), where=str(path))


def _expectation(entry: Any, where: str) -> Expectation:
    if isinstance(entry, dict) and isinstance(entry.get("meta"), dict) and isinstance(entry["meta"].get("id"), str):
        where = f"{where}: expectation '{entry['meta']['id']}'"
    declared = validate(Declared, entry, where=where)
    if "mostly" in declared.kwargs:
        raise ConfigError(f"{where}: 'mostly' would let one client's failures hide among the others' rows.")
    if declared.meta.voids and declared.severity != "critical":
        raise ConfigError(f"{where}: only a critical check takes a KPI out; a warning costs nothing.")
    if declared.type == ROW_RULE:
        query = declared.kwargs.get("unexpected_rows_query")
        if not isinstance(query, str) or "{batch}" not in query or "client_id" not in query:
            raise ConfigError(f"{where}: a row rule selects client_id and key columns from {{batch}}.", hint=_HINT)
    return Expectation(
        id=declared.meta.id,
        type=declared.type,
        kwargs=declared.kwargs,
        severity=declared.severity,
        notes=declared.notes,
        where=where,
        kind=declared.meta.kind or ("isolation" if declared.meta.id in _ISOLATION_IDS else None),
        voids=declared.meta.voids,
    )


def _lines(path: Path) -> list[int]:
    """Find the line on which each expectation starts; the file has passed `read_yaml`."""
    root = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    entries = {key.value: value for key, value in root.value} if isinstance(root, yaml.MappingNode) else {}
    return [item.start_mark.line + 1 for item in entries["expectations"].value]


def suggest(word: str, known: list[str]) -> str:
    """Give the likely meaning of a mistyped word."""
    close = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    return f"Did you mean '{close[0]}'?" if close else f"Known: {', '.join(sorted(known))}."
