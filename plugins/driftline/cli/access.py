"""Commands about access: what a change would bring, and the quarterly review."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from driftline.cli.app import AsJson, OneClient, app, console, emit, now, table
from driftline.errors import ConfigError
from driftline.settings import Settings

access = typer.Typer(help="Who can do what, and what a change would bring.", no_args_is_help=True)
app.add_typer(access, name="access")


@access.command("what-if")
def what_if(
    client: OneClient,
    user: Annotated[str, typer.Option(help="The user's login or id.")],
    add: Annotated[str, typer.Option(help="The group to be added: external id, id or name.")],
    as_json: AsJson = False,
) -> None:
    """Say which capabilities and conflicts one more group would bring to a user, as of the last build."""
    from driftline.access_what_if import what_if as ask

    found = ask(Settings.from_environment(), client_id=client, user=user, group=add)
    if as_json:
        emit(found)
        return
    console.print(
        f"{found.login} of {client} with the group '{found.group}', as of {found.as_of_at:%Y-%m-%d %H:%M} UTC:"
    )
    if found.is_superuser:
        console.print("The superuser bypasses all rules: no group brings it anything.")
    if not found.is_active:
        console.print("The user is archived: what follows holds once it is active again.")
    console.print(
        f"Groups that come with it: {', '.join(found.groups) or 'none, they are all held already'}.", highlight=False
    )
    rows = [(it.title, ", ".join(it.groups)) for it in found.capabilities]
    table(f"{len(rows)} new capabilities", ["what", "through"], rows)
    sides = [" + ".join(" or ".join(side) for side in it.sides) for it in found.conflicts]
    broken = [(it.severity, it.title, side) for it, side in zip(found.conflicts, sides, strict=True)]
    table(f"{len(broken)} new conflicts", ["severity", "what", "sides"], broken)


Quarter = Annotated[str, typer.Option("--quarter", help="The quarter, such as 2026Q3.")]
By = Annotated[str, typer.Option("--by", help="Who does it.")]


@access.command("staff")
def staff(
    client: OneClient,
    by: By,
    file: Annotated[
        Path | None, typer.Argument(help="CSV: person, login, manager, department, job, company, left_on.")
    ] = None,
    withdraws: Annotated[bool, typer.Option("--withdraw", help="Take the list back instead.")] = False,
    as_json: AsJson = False,
) -> None:
    """Hand in who works for a client, where its Odoo does not tell; the next build judges people by that list."""
    from driftline import staff_list

    settings = Settings.from_environment()
    if file is not None and not withdraws:
        done = staff_list.import_staff(settings, client_id=client, path=file, by=by, now=now())
    elif file is None and withdraws:
        done = staff_list.withdraw_staff(settings, client_id=client, by=by, now=now())
    else:
        raise ConfigError("staff takes a file, or --withdraw.")
    if as_json:
        emit(done)
        return
    what = f"{done.row_count} people" if done.is_new else "handed in already"
    console.print(f"Staff list version {done.version} of {client}: {what}.", highlight=False)


@access.command("open")
def open_(client: OneClient, quarter: Quarter, by: By, as_json: AsJson = False) -> None:
    """Open a quarter's review: freeze who holds what, with suggested decisions and reasons, from the last build."""
    from driftline.access_review.cycle import open_cycle

    done = open_cycle(Settings.from_environment(), client_id=client, quarter=quarter, by=by, now=now())
    if as_json:
        emit(done)
        return
    console.print(
        f"The review of {quarter} of {client} is open: {done.line_count} lines to be decided by {done.due_on}.",
        highlight=False,
    )


@access.command("export")
def export(
    client: OneClient,
    quarter: Quarter,
    to: Annotated[Path, typer.Option(help="The folder for the worksheets.")] = Path(),
    as_json: AsJson = False,
) -> None:
    """Write worksheets (XLSX, a sheet per reviewer, and CSV); what was gained since opening is a part of its own."""
    from driftline.access_review.worksheet import export as write

    done = write(Settings.from_environment(), client_id=client, quarter=quarter, folder=to, now=now())
    if as_json:
        emit(done)
        return
    rows = [(it.part, it.line_count, it.roster_sha256[:12], ", ".join(path.name for path in it.files)) for it in done]
    table(f"Worksheets of {client}, {quarter}", ["part", "lines", "roster", "files"], rows)


@access.command("import")
def import_(
    client: OneClient,
    quarter: Quarter,
    worksheet: Annotated[Path, typer.Argument(help="The filled worksheet, .xlsx or .csv.")],
    by: By,
    sign_off: Annotated[str, typer.Option(help="Where the reviewers' word is kept: a ticket, a signed document.")],
    as_json: AsJson = False,
) -> None:
    """Import decisions: all of a worksheet or, where a cell cannot be taken, nothing."""
    from driftline.access_review.importing import import_worksheet

    done = import_worksheet(
        Settings.from_environment(), client_id=client, quarter=quarter, path=worksheet, by=by, sign_off=sign_off,
        now=now(),
    )  # fmt: skip
    if as_json:
        emit(done)
        return
    what = f"{done.decision_count} decisions, {done.unchanged_count} as before" if done.is_new else "imported already"
    console.print(f"Worksheet version {done.version} of part {done.part}: {what}.", highlight=False)


@access.command("status")
def status(client: OneClient, quarter: Quarter, as_json: AsJson = False) -> None:
    """Say what is open, done and overdue, who decided without looking, and what was carried out."""
    from driftline.access_review.standing import stand

    it = stand(Settings.from_environment(), client_id=client, quarter=quarter, now=now())
    if as_json:
        emit(it)
        return
    console.print(
        f"The review of {quarter} of {client} is {it.state}: {it.decided_count} of {it.line_count} lines decided, due"
        f" on {it.due_on}; {it.gained_count} lines gained since and on no worksheet.",
        highlight=False, soft_wrap=True,
    )  # fmt: skip
    table("Users", ["decision", "users"], list(it.people.items()))
    table(
        "Reviewers",
        ["reviewer", "lines", "decided", "ask", "overdue", "looks as if nobody looked"],
        [(r.reviewer, r.line_count, r.decided_count, r.ask_count, r.overdue_count, r.looks_rubber_stamped)
         for r in it.reviewers],
    )  # fmt: skip
    table(
        "To be taken away",
        ["line", "user", "what", "decision", "state", "why", "days"],
        [(r.line, r.login, r.subject, r.decision, r.state, r.detail, r.taken_days) for r in it.removals],
    )


@access.command("close")
def close(
    client: OneClient,
    quarter: Quarter,
    by: By,
    comment: Annotated[str, typer.Option(help="What they say about it.")] = "",
    exceptions: Annotated[
        Path | None, typer.Option(help="YAML with the lines that stay open: line, reason, owner, until.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Close a review of which everything is decided, or named as an exception with reason, owner and end."""
    from driftline.access_review.cycle import close_cycle
    from driftline.sealing import Decision

    done = close_cycle(
        Settings.from_environment(), client_id=client, quarter=quarter, exceptions=exceptions,
        decision=Decision(decided_by=by, comment=comment), now=now(),
    )  # fmt: skip
    if as_json:
        emit(done)
        return
    console.print(
        f"The review of {quarter} of {client} is closed: {done.line_count} lines, {done.left_open_count} left open.",
        highlight=False,
    )


@access.command("evidence")
def evidence(
    client: OneClient,
    quarter: Quarter,
    by: By,
    to: Annotated[Path, typer.Option(help="A folder that is empty, or not there yet.")],
    attested: Annotated[
        Path | None, typer.Option(help="CSV of privileged access outside of Odoo, as somebody attests it.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Write evidence of a review for an auditor; `driftline verify FOLDER` says whether it is what was written."""
    from driftline.access_review.evidence import write_evidence

    done = write_evidence(
        Settings.from_environment(), client_id=client, quarter=quarter, folder=to, by=by, now=now(),
        attested_from=attested,
    )  # fmt: skip
    if as_json:
        emit(done)
        return
    table(f"Evidence of {client}, {quarter}", ["file", "rows"], list(done.row_counts.items()))
    console.print(f"Version {done.version}, manifest {done.manifest_sha256}", highlight=False, soft_wrap=True)
