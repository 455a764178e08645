"""What the demo clients' CI would deliver: a coverage and a test report of each own module, as in `demo/truth.yml`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from demo.odoo.configuration import own_module
from demo.odoo.truth import load_truth


def deliver(folder: Path, *, at: datetime) -> None:
    """Write every client's reports into its folder below `folder`; they were made at `at`."""
    for client_id, truth in load_truth().clients.items():
        module, own = own_module(client_id), truth.drift.own_module
        if own.line_count is None:
            continue
        target = folder / client_id
        target.mkdir(parents=True, exist_ok=True)
        (target / "coverage.xml").write_text(_cobertura(module, own.covered_line_count, own.line_count, at=at))
        if own.test_count is not None:
            (target / "junit.xml").write_text(_junit(module, own.test_count, own.failed_count, at=at))


def _cobertura(module: str, covered: int, total: int, *, at: datetime) -> str:
    lines = "".join(f'<line number="{number}" hits="{int(number <= covered)}"/>' for number in range(1, total + 1))
    return (
        f'<?xml version="1.0"?>\n<coverage line-rate="{covered / total:.4f}" timestamp="{int(at.timestamp())}">'
        f'<packages><package name="{module}"><classes><class name="note" filename="addons/{module}/models/note.py">'
        f"<lines>{lines}</lines></class></classes></package></packages></coverage>\n"
    )


def _junit(module: str, count: int, failed: int, *, at: datetime) -> str:
    stamp = at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="seconds")
    name = f"odoo.addons.{module}.tests.test_note.TestNote"
    cases = "".join(
        f'<testcase classname="{name}" name="test_{number}">{"<failure/>" if number < failed else ""}</testcase>'
        for number in range(count)
    )
    suite = f'<testsuite name="{module}" tests="{count}" failures="{failed}" timestamp="{stamp}">{cases}</testsuite>'
    return f"<testsuites>{suite}</testsuites>\n"
