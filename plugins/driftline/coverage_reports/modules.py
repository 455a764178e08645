"""Which Odoo module a source path or a dotted test name belongs to, among those that a client has."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TypeVar

from driftline.coverage_reports.facts import Facts, LineCount, TestCount
from driftline.errors import ReportError

_NAMED = 3
_Count = TypeVar("_Count", LineCount, TestCount)


@dataclass(frozen=True)
class ModuleReport:
    """What one report says of one module: lines or tests."""

    module: str
    lines: LineCount | None = None
    tests: TestCount | None = None


def assign(facts: Facts, known: Collection[str]) -> tuple[list[ModuleReport], str]:
    """Sum a report up by module; return the modules and, in words, what belongs to none that the client has.

    A report that speaks of no known module at all is refused: ReportError.
    """
    lines, strange_lines = _by_module(facts.lines, known)
    tests, strange_tests = _by_module(facts.tests, known)
    reports = [ModuleReport(name, lines=lines.get(name), tests=tests.get(name)) for name in sorted({*lines, *tests})]
    strange = sorted({*strange_lines, *strange_tests})
    if not strange:
        return reports, ""
    named = ", ".join(f"'{name[:120]}'" for name in strange[:_NAMED])
    more = f" and {len(strange) - _NAMED} more" if len(strange) > _NAMED else ""
    message = f"it names what belongs to no module of this client: {named}{more}"
    if not reports:
        raise ReportError(f"{message}.")
    return reports, message


def module_of(name: str, known: Collection[str]) -> str | None:
    """Find the module in a path or dotted name: the first known name, looked for behind the last 'addons'."""
    parts = re.split(r"[\\/]", name) if re.search(r"[\\/]", name) else name.split(".")
    behind = len(parts) - parts[::-1].index("addons") if "addons" in parts else 0
    return next((part for part in parts[behind:] if part in known), None)


def _by_module(counts: Mapping[str, _Count], known: Collection[str]) -> tuple[dict[str, _Count], list[str]]:
    summed: defaultdict[str, list[_Count]] = defaultdict(list)
    strange = []
    for name, count in counts.items():
        if module := module_of(name, known):
            summed[module].append(count)
        elif count != type(count)():  # an empty file at the root belongs to nobody, and nobody misses it
            strange.append(name)
    return {module: sum(found[1:], found[0]) for module, found in summed.items()}, strange
