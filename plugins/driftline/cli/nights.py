"""Commands that do a night's steps without Airflow: run, extract, reconcile, build, check, publish, docs."""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from driftline import night
from driftline.catalogue import load_catalogue
from driftline.cli.app import AsJson, ClientOption, app, console, emit, now, table
from driftline.cli.progress import ReadingProgress
from driftline.client_night import ClientReport
from driftline.errors import ConfigError, DriftlineError
from driftline.night import NightPlan
from driftline.reconcile import read_comparisons
from driftline.settings import Settings

Workers = Annotated[int, typer.Option(min=1, max=64, help="How many clients are read at once.")]
AsOfOn = Annotated[str | None, typer.Option("--as-of-on", help="Recompute this past day (YYYY-MM-DD); reads nothing.")]
BuildId = Annotated[str, typer.Option("--build", help="The build's id, as `driftline build` printed it.")]


@app.command()
def run(client: ClientOption = None, as_of_on: AsOfOn = None, workers: Workers = 2, as_json: AsJson = False) -> None:
    """Do a whole night without Airflow: read, build, check, publish, send one message.

    Exit code 3 when a client could not be read (the others are published), 1 when a gate stayed closed.
    """
    from driftline import alerts, publish, quality, transform

    settings = Settings.from_environment()
    plan = _plan(settings, client=client, as_of_on=as_of_on)
    reports, failures = _read(settings, plan, workers=workers, is_quiet=as_json)
    built = transform.build(settings, night_id=plan.night_id, as_of_at=None, quarter=None, now=now())
    checked = quality.check(settings, build_id=built.build_id, now=now())
    published = publish.publish(settings, build_id=built.build_id, now=now())
    alert = alerts.send(settings, night_id=plan.night_id, now=now())
    if as_json:
        emit({"night_id": plan.night_id, "clients": reports, "failures": _described(failures), "build": built,
              "checks": checked, "published": published, "alert": alert})  # fmt: skip
    else:
        _show_reading(plan, reports, failures)
        console.print(alert.body, highlight=False, markup=False)
    _leave(failures, is_gate_closed=bool(checked.closed_clients))


@app.command()
def extract(client: ClientOption = None, workers: Workers = 2, as_json: AsJson = False) -> None:
    """Read one client's Odoo (or all clients') into the warehouse, and build nothing."""
    settings = Settings.from_environment()
    plan = _plan(settings, client=client)
    reports, failures = _read(settings, plan, workers=workers, is_quiet=as_json)
    if as_json:
        emit({"night_id": plan.night_id, "clients": reports, "failures": _described(failures)})
    else:
        _show_reading(plan, reports, failures)
    _leave(failures, is_gate_closed=False)


@app.command()
def reconcile(
    client: ClientOption = None,
    accepts_deletions: Annotated[
        bool, typer.Option("--accept-deletions", help="Believe the deletions that were held; needs --client.")
    ] = False,
    model: Annotated[
        list[str] | None, typer.Option("--model", help="With --accept-deletions: only of this model; may be repeated.")
    ] = None,
    workers: Workers = 2,
    as_json: AsJson = False,
) -> None:
    """Compare every value in the warehouse with the clients' Odoo, repair what differs, record it.

    Exit code 1 when something differs that could not be repaired, or deletions are still held.
    """
    if (accepts_deletions and client is None) or (model and not accepts_deletions):
        raise ConfigError("--accept-deletions needs --client, and --model needs --accept-deletions.")
    if unknown := sorted(set(model or ()) - set(load_catalogue().entries)):
        raise ConfigError(f"no model '{unknown[0]}' in the catalogue.")
    believed = frozenset(model) if model else None if accepts_deletions else frozenset[str]()
    settings = Settings.from_environment()
    plan = _plan(settings, client=client, kind="reconcile")
    reports, failures = _read(settings, plan, workers=workers, is_quiet=as_json, believed_models=believed)
    comparisons = read_comparisons(settings, night_id=plan.night_id)
    if as_json:
        emit({"night_id": plan.night_id, "clients": reports, "failures": _described(failures),
              "comparisons": comparisons})  # fmt: skip
    else:
        _show_reading(plan, reports, failures)
        differing = [c for c in comparisons if c.verdict != "equal"]
        equal = sum(c.row_count for c in comparisons if c.verdict == "equal")
        console.print(f"{equal:,} rows of {len(comparisons) - len(differing)} models are equal.", highlight=False)
        if differing:
            rows = [(c.client_id, c.model, c.row_count, c.repaired_count, c.verdict, c.method) for c in differing]
            table("Not equal", ["client", "model", "rows compared", "repaired", "verdict", "how"], rows)
    _leave(failures, is_gate_closed=any(c.verdict == "different" for c in comparisons))


@app.command()
def build(
    quarter: Annotated[str | None, typer.Option(help="The quarter under review; else each client's current.")] = None,
    as_json: AsJson = False,
) -> None:
    """Build the marts and the candidates for review from what lies in the warehouse."""
    from driftline import transform

    report = transform.build(Settings.from_environment(), night_id=None, as_of_at=now(), quarter=quarter, now=now())
    if as_json:
        emit(report)
    else:
        console.print(report.build_id, highlight=False)


@app.command()
def check(build_id: BuildId, as_json: AsJson = False) -> None:
    """Run the suites over a build and decide, client by client, what may be published. Exit code 1: not all may."""
    from driftline import quality

    report = quality.check(Settings.from_environment(), build_id=build_id, now=now())
    if as_json:
        emit(report)
    else:
        rows = [(client_id, "open", "") for client_id in report.open_clients]
        rows += [(client_id, "closed", reason) for client_id, reason in dict(report.closed_clients).items()]
        table("Gate", ["client", "gate", "why"], rows)
    _leave({}, is_gate_closed=bool(report.closed_clients))


@app.command()
def publish(build_id: BuildId, as_json: AsJson = False) -> None:
    """Publish a checked build: each client whose gate is open; the others keep their last rows, marked stale."""
    from driftline import publish as publication

    report = publication.publish(Settings.from_environment(), build_id=build_id, now=now())
    if as_json:
        emit(report)
    else:
        console.print(str(report), highlight=False)


@app.command()
def docs(
    build_id: BuildId,
    folder: Annotated[Path | None, typer.Option(help="Where the pages go; else data_docs in the build folder.")] = None,
    as_json: AsJson = False,
) -> None:
    """Write the Data Docs of a checked build: every suite, what it said and of whom, as pages for a browser."""
    from driftline.quality import data_docs

    index = data_docs.render(Settings.from_environment(), build_id=build_id, folder=folder)
    if as_json:
        emit({"build_id": build_id, "index": str(index)})
    else:
        console.print(str(index), highlight=False)


def _plan(settings: Settings, *, client: str | None, as_of_on: str | None = None, kind: str = "nightly") -> NightPlan:
    conf = {key: value for key, value in (("client", client), ("as_of_on", as_of_on)) if value is not None}
    moment = now()
    return night.plan(settings, night_id=_night_id(moment), now=moment, conf=conf, kind=kind)


def _night_id(moment: datetime) -> str:
    return f"cli__{moment:%Y-%m-%dT%H:%M:%S}Z__{secrets.token_hex(3)}"


def _read(
    settings: Settings,
    plan: NightPlan,
    *,
    workers: int,
    is_quiet: bool,
    believed_models: frozenset[str] | None = frozenset(),
) -> tuple[list[ClientReport], dict[str, DriftlineError]]:
    """Read the clients side by side; one that fails is told and leaves the others alone."""
    reports: list[ClientReport] = []
    failures: dict[str, DriftlineError] = {}
    with ReadingProgress(len(plan.client_ids), is_quiet=is_quiet) as progress, ThreadPoolExecutor(workers) as pool:

        def read(client_id: str) -> ClientReport:
            with progress.client(client_id) as watch:
                return night.read_client(
                    settings,
                    night_id=plan.night_id,
                    client_id=client_id,
                    believed_models=believed_models,
                    watch=watch,
                )

        jobs = {pool.submit(read, client_id): client_id for client_id in plan.client_ids}
        for job in as_completed(jobs):
            try:
                reports.append(job.result())
            except DriftlineError as error:
                failures[jobs[job]] = error
    night.finish(settings, night_id=plan.night_id)
    return sorted(reports, key=lambda report: report.client_id), dict(sorted(failures.items()))


def _show_reading(plan: NightPlan, reports: list[ClientReport], failures: dict[str, DriftlineError]) -> None:
    rows: list[tuple[object, ...]] = [
        (r.client_id, r.state, r.transport, r.odoo_version, r.row_count, r.held_count, r.elapsed_seconds, None)
        for r in reports
    ]
    rows += [(client_id, "failed", *[None] * 5, str(error)) for client_id, error in failures.items()]
    columns = ["client", "state", "read over", "Odoo", "rows read", "deletions held", "seconds", "what is wrong"]
    table(f"Night {plan.night_id}", columns, rows)


def _described(failures: dict[str, DriftlineError]) -> dict[str, dict[str, object]]:
    return {client_id: error.as_data() for client_id, error in failures.items()}


def _leave(failures: dict[str, DriftlineError], *, is_gate_closed: bool) -> None:
    code = max((error.exit_code for error in failures.values()), default=1 if is_gate_closed else 0)
    if code:
        raise typer.Exit(code)
