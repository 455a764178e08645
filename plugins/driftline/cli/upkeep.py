"""Commands that look after the warehouse and into it: migrate, status, read-reports, grants, check-client, review."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from driftline.cli.app import AsJson, OneClient, app, console, emit, now, table
from driftline.errors import ConfigError
from driftline.settings import Settings


@app.command()
def migrate(as_json: AsJson = False) -> None:
    """Bring the warehouse up to date with this code and its catalogue; doing it again changes nothing."""
    from driftline.migrate import migrate as run

    report = run(Settings.from_environment())
    if as_json:
        emit(report)
    elif done := [*report.applied, *report.created_tables, *report.added_columns]:
        console.print("\n".join(done), highlight=False)
    else:
        console.print("The warehouse is up to date.")


@app.command()
def status(as_json: AsJson = False) -> None:
    """Show how each client stands, those in trouble first. Exit code 1 when a client's last night failed."""
    from driftline.status import read_status

    clients = read_status(Settings.from_environment())
    if as_json:
        emit(clients)
    else:
        table(
            "Clients",
            ["client", "last night", "last read", "Odoo", "complete %", "published", "stale", "what is wrong"],
            [
                (
                    client.client_id,
                    client.last_state or ("never read" if client.is_active else "inactive"),
                    client.last_read_at,
                    client.odoo_version,
                    client.completeness_pct,
                    client.published_quarter,
                    {True: "yes", False: "no", None: None}[client.is_stale],
                    client.error_message,
                )
                for client in clients
            ],
        )
    if any(client.last_state == "failed" and client.is_active for client in clients):
        raise typer.Exit(1)


@app.command()
def watch(as_json: AsJson = False) -> None:
    """Look from outside Airflow whether a night was finished in time, and tell; for cron. Exit code 1 when not."""
    from driftline.alerts.watch import watch as look

    report = look(Settings.from_environment(), now=now())
    if as_json:
        emit(report)
    else:
        console.print("well" if report.is_well else report.text, highlight=False, soft_wrap=True)
    if not report.is_well:
        raise typer.Exit(1)


@app.command("read-reports")
def read_reports(as_json: AsJson = False) -> None:
    """Read the test reports that clients delivered (every build does so, too). Exit code 1 when one was refused."""
    from driftline.coverage_reports import read_reports as read

    settings = Settings.from_environment()
    if settings.test_reports is None:
        raise ConfigError(
            "environment: DRIFTLINE_TEST_REPORTS is not set.",
            hint="Set it to the folder or object store URL that has one folder of reports per client.",
        )
    report = read(settings, now=now())
    if as_json:
        emit(report)
    else:
        rows = [(file.client_id, file.path, file.state, file.module_count, file.message) for file in report.files]
        rows += [(name, "", "refused", 0, "no client has this name") for name in report.unknown_clients]
        table("Test reports", ["client", "file", "state", "modules", "what is wrong"], rows)
    if report.refused or report.unknown_clients:
        raise typer.Exit(1)


@app.command()
def grants(
    client: OneClient,
    role: Annotated[str, typer.Option(help="The reading role, or the login of Odoo's user.")] = "driftline_reader",
    is_rpc: Annotated[
        bool, typer.Option("--rpc", help="For reading over RPC: a script for Odoo's shell. Implied by the transport.")
    ] = False,
    shows_second_factor: Annotated[
        bool, typer.Option("--second-factor", help="Also a view that tells who has a second factor (direct path).")
    ] = False,
) -> None:
    """Print the script that gives a reading account exactly the rights it needs on the client's side."""
    from driftline.catalogue import load_catalogue
    from driftline.grants import grant_script, shell_script
    from driftline.registry import load_registry

    entry = load_registry(Settings.from_environment().clients_file).client(client)
    catalogue = load_catalogue()
    if is_rpc or entry.transport in ("rpc", "json2"):
        script = shell_script(entry, catalogue, login=role)
    else:
        script = grant_script(entry, catalogue, role=role, shows_second_factor=shows_second_factor)
    typer.echo(script, nl=False)


@app.command("check-client")
def check_client(
    client: OneClient,
    as_json: AsJson = False,
) -> None:
    """Look at a client's Odoo without landing anything: what answers, which models, is every row in sight?

    Exit code 1 when a model cannot be read that its Odoo has; models that are only partly visible are named.
    """
    from driftline.client_check import check_client as run

    found = run(Settings.from_environment(), client_id=client)
    if as_json:
        emit(found)
    else:
        console.print(
            f"{client}: Odoo {found.odoo_version} over {found.transport}, {found.calls} calls"
            + (f", as user {found.reader_user_id}" if found.reader_user_id else ""),
            highlight=False,
        )
        remarkable = [check for check in found.models if check.state not in ("readable", "not there")]
        rows = [(check.model, check.state, check.visible_count, check.reason) for check in remarkable]
        if rows:
            table("To know", ["model", "state", "rows seen", "why"], rows)
        counts = Counter(check.state for check in found.models)
        console.print(", ".join(f"{count} {state}" for state, count in counts.most_common()), highlight=False)
        missing = [f"{check.model}.{name}" for check in found.models for name in check.missing_fields]
        console.print(f"{len(missing)} fields are not to be had; why: --json, or ops.field_coverage", highlight=False)
        if found.problems:
            rpc = " --rpc" if found.transport != "postgres" else ""
            console.print(f"The rights it needs: driftline grants --client {client}{rpc}", highlight=False)
    if found.problems:
        raise typer.Exit(1)


@app.command()
def review(
    client: OneClient,
    quarter: Annotated[str, typer.Option(help="The published quarter, such as 2026Q3.")],
    folder: Annotated[Path, typer.Option(help="Where the page is written.")] = Path("build/review"),
) -> None:
    """Write the review page of one client and quarter: a single HTML file that needs nothing else."""
    from driftline.review_page import render

    settings = Settings.from_environment()
    console.print(str(render(settings, client_id=client, quarter=quarter, folder=folder)), highlight=False)
