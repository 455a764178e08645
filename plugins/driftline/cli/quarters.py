"""Commands about closed quarters: seal, verify, why."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from driftline.cli.app import AsJson, ClientOption, OneClient, app, console, emit, now, table
from driftline.errors import ConfigError
from driftline.settings import Settings, has_warehouse

if TYPE_CHECKING:
    from driftline.sealing.verifying import VerifyReport

OneQuarter = Annotated[str, typer.Option("--quarter", help="The quarter, such as 2026Q3.")]
OneKpi = Annotated[str, typer.Option("--kpi", help="The KPI, such as ticket_trend.")]
Quarter = Annotated[str | None, typer.Option(help="The quarter, such as 2026Q3.")]


@app.command()
def seal(
    build_id: Annotated[str, typer.Option("--build", help="The build that is published.")],
    by: Annotated[str, typer.Option(help="Who decided that the quarter is closed.")],
    client: ClientOption = None,
    comment: Annotated[str, typer.Option(help="What they say about it.")] = "",
    correction: Annotated[
        str | None, typer.Option("--correct", help="Replace a sealed quarter by this build: why. Needs --client.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Seal a published quarter: its rows, inputs and decisions, hashed and kept; nothing changes it any more."""
    from driftline import sealing

    settings = Settings.from_environment()
    decision = sealing.Decision(decided_by=by, comment=comment)
    if correction is not None:
        if client is None:
            raise ConfigError("--correct needs --client.", hint="A correction is of one client's quarter.")
        reports = [
            sealing.correct(
                settings, build_id=build_id, client_id=client, reason=correction, decision=decision, now=now()
            )
        ]
    else:
        reports = sealing.seal(settings, build_id=build_id, decision=decision, now=now(), client_id=client)
    if as_json:
        emit(reports)
    else:
        rows = [(it.client_id, it.quarter, it.version, it.row_count, it.manifest_sha256, it.folder) for it in reports]
        table("Sealed", ["client", "quarter", "version", "rows", "manifest's SHA-256", "files"], rows)


@app.command()
def why(client: OneClient, quarter: OneQuarter, kpi: OneKpi, as_json: AsJson = False) -> None:
    """Walk from a published number to what it rests on: build, rows, completeness, checks, waivers, nights."""
    from driftline.why import why as walk

    found = walk(Settings.from_environment(), client_id=client, quarter=quarter, kpi=kpi)
    if as_json:
        emit(found)
        return
    number, build, nights = found.number, found.build, found.nights
    shown = "n/a" if number["value"] is None else f"{number['value']:g} {number['unit']}"
    console.print(f"{kpi} of {client}, {quarter}: {shown}, {number['verdict']}. {number['reason']}", highlight=False)
    facts = [
        ("published", number["published_at"]),
        ("stale", number["stale_reason"] if number["is_stale"] else "no"),
        ("as of", number["as_of_at"]),
        ("gate", f"{build.get('gate')}: {'open' if build.get('is_open') else build.get('reason') or 'not checked'}"),
        ("build", f"{number['build_id']}{'' if found.is_latest_build else ' (a later one is there: rows are its)'}"),
        ("last read", f"{build.get('last_read_at'):%Y-%m-%d %H:%M} UTC in {build.get('last_night_id')}"
         if build.get("last_read_at") else "never"),
        ("proven complete", f"{number['completeness_pct'] or 0:.2f} % of the source's rows"),
        ("nights", f"{nights['read_count']} read since {nights['first_at']}, {nights['missed_count']} missed"),
        ("sealed", f"version {found.seal['version']} by {found.seal['sealed_by']}" if found.seal else "no"),
    ]  # fmt: skip
    table("The number", ["what", "is"], facts)
    failed = [check for check in found.checks if not check["is_passed"]]
    columns = ["suite", "expectation", "severity", "failing rows", "waived by"]
    rows = [tuple(c[k] for k in ("suite", "expectation", "severity", "failing_count", "waived_by")) for c in failed]
    table(f"Checks: {len(found.checks)} run, {len(failed)} failed", columns, rows)
    waivers = [
        (w["waiver"], w["suite"], w["expectation"], w["owner"], w["until_on"], w["state"]) for w in found.waivers
    ]
    if waivers:
        table("Waivers of this client", ["waiver", "suite", "expectation", "owner", "until", "state"], waivers)
    table("Rows used", ["table", "rows"], [(t["table"], t["rows"]) for t in found.tables])
    table(
        "From Odoo",
        ["model", "rows", "last change read", "verdict", "at the source", "in sight"],
        [
            (
                m["model"],
                m["rows"],
                m["last_change_read_at"],
                m.get("verdict"),
                m.get("source_count"),
                m.get("visibility"),
            )
            for m in found.odoo_models
        ],
    )


@app.command()
def verify(
    folder: Annotated[
        Path | None, typer.Argument(help="A seal's or evidence's folder; else --client, --quarter.")
    ] = None,
    client: ClientOption = None,
    quarter: Quarter = None,
    version: Annotated[int | None, typer.Option(min=1, help="An earlier version; the last one by default.")] = None,
    rebuilds: Annotated[bool, typer.Option("--rebuild", help="Compute it again from its sealed inputs.")] = False,
    is_alone: Annotated[
        bool, typer.Option("--alone", help="Hold a folder against itself only, without asking the warehouse.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Hash a seal or evidence again and say: valid, changed, incomplete or not written by this warehouse.

    A folder is held against itself and, where the environment names a warehouse, against what that wrote. Exit code 1
    unless it is valid.
    """
    from driftline.sealing import rebuilding, verifying

    if (folder is None) == (client is None or quarter is None) or (folder and rebuilds) or (is_alone and not folder):
        raise ConfigError(
            "verify takes a folder, or --client and --quarter; --alone goes with the former, --rebuild with the latter."
        )
    if folder is not None:
        report = _verify_folder(folder, is_alone=is_alone)
    else:
        report = verifying.verify(
            Settings.from_environment(), client_id=str(client), quarter=str(quarter), version=version
        )
    again = None
    if rebuilds and report.verdict == verifying.VALID:
        again = rebuilding.rebuild(
            Settings.from_environment(), client_id=report.client_id, quarter=report.quarter, version=report.version
        )
    if as_json:
        emit({"verdict": report.verdict, "seal": report, "rebuild": again})
    else:
        console.print(
            f"{report.verdict}: {report.quarter} of {report.client_id}, version {report.version},"
            f" {report.table_count} tables, manifest {report.manifest_sha256}",
            highlight=False,
            soft_wrap=True,
        )
        if folder is not None and report.is_known is None:
            console.print("  held against itself only: no warehouse was asked whether it wrote this", highlight=False)
        for line in (*report.changed, *(f"{name}: missing" for name in report.missing)):
            console.print(f"  {line}", highlight=False, soft_wrap=True)
        if again is not None:
            outcome = "the same" if again.is_same else "not the same"
            console.print(
                f"computed again: {again.model_count} models, {again.row_count} rows: {outcome}", highlight=False
            )
            for line in again.differing:
                console.print(f"  {line}", highlight=False, soft_wrap=True)
    if report.verdict != verifying.VALID or (again is not None and not again.is_same):
        raise typer.Exit(1)


def _verify_folder(folder: Path, *, is_alone: bool) -> VerifyReport:
    from driftline.access_review import evidence
    from driftline.sealing import verifying

    is_evidence = evidence.is_evidence(folder)
    report = evidence.verify_evidence(folder) if is_evidence else verifying.verify_folder(folder)
    if is_alone or not has_warehouse():
        return report
    ask = evidence.known_evidence if is_evidence else verifying.known_seal
    return ask(Settings.from_environment(), report)
