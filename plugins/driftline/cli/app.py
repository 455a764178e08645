"""The command line's frame: one Typer app, errors to exit codes, human or JSON output."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, is_dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.logging import RichHandler
from rich.table import Table

from driftline.errors import DriftlineError

app = typer.Typer(
    name="driftline",
    help="Read Odoo systems nightly, measure drift, tickets and access, publish what passed its checks.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
console = Console()
errors = Console(stderr=True)

AsJson = Annotated[bool, typer.Option("--json", help="Write JSON for a machine to read.")]
OneClient = Annotated[str, typer.Option("--client", help="The client's id in clients.yml.")]
ClientOption = Annotated[str | None, typer.Option("--client", help="Only this client (its id in clients.yml).")]


@app.callback()
def _frame(
    is_verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Tell each model as it is read.")] = False,
) -> None:
    level = logging.INFO if is_verbose else logging.WARNING
    handler = RichHandler(console=errors, show_path=False, rich_tracebacks=False)
    logging.basicConfig(level=level, format="%(message)s", handlers=[handler], force=True)


def main() -> None:
    """Run the command line; a known error prints one line and decides the exit code."""
    import driftline.cli.access
    import driftline.cli.drift
    import driftline.cli.nights
    import driftline.cli.quarters
    import driftline.cli.upkeep  # noqa: F401  all register their commands

    try:
        app()
    except DriftlineError as error:
        errors.print(f"[bold red]error:[/] {_plain(error)}", highlight=False, soft_wrap=True)
        sys.exit(error.exit_code)


def _plain(error: object) -> str:
    from rich.markup import escape

    return escape(str(error))


def now() -> datetime:
    """The one place of the command line that asks the clock."""
    return datetime.now(UTC)


def emit(value: object) -> None:
    """Write a result as JSON."""
    console.print_json(json.dumps(_as_data(value), default=str))


def table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Write rows as a table; an empty cell says that there is nothing."""
    from rich.markup import escape

    shown = Table(title=title, title_justify="left")
    for column in columns:
        shown.add_column(column)
    for row in rows:
        shown.add_row(*("" if cell is None else escape(_cell(cell)) for cell in row))
    console.print(shown)


def _cell(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC")
    if isinstance(value, float):
        return f"{value:.1f}"
    return str(value)


def _as_data(value: object) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, Mapping):
        return {key: _as_data(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_as_data(item) for item in value]
    return value
