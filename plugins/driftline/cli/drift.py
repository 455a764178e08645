"""Commands about drift: baselines and what differs from them."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from driftline.cli.app import AsJson, ClientOption, OneClient, app, console, emit, now, table
from driftline.settings import Settings

if TYPE_CHECKING:
    from driftline.baseline import Difference

baseline = typer.Typer(help="The moments that configuration is compared with.", no_args_is_help=True)
app.add_typer(baseline, name="baseline")


def _day(value: datetime | None) -> date | None:
    return value.date() if value else None


@baseline.command("set")
def set_(
    client: OneClient,
    on: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="A day of its history; the state at its end.")],
    name: Annotated[str | None, typer.Option(help="What it is called; the day itself by default.")] = None,
    as_json: AsJson = False,
) -> None:
    """Name a day of a client's history as a baseline; it counts from the next build on."""
    from driftline.baseline import set_baseline

    done = set_baseline(Settings.from_environment(), client_id=client, on=on.date(), name=name, now=now())
    if as_json:
        emit(done)
    else:
        console.print(f"Baseline '{done.name}' of {client}: {done.baseline_on}. It counts from the next build on.")


@baseline.command("list")
def list_(client: ClientOption = None, as_json: AsJson = False) -> None:
    """List baselines, with how much differs from each."""
    from driftline.baseline import list_baselines

    found = list_baselines(Settings.from_environment(), client_id=client)
    if as_json:
        emit(found)
    else:
        rows = [(b.client_id, b.name, b.baseline_on, b.baseline_at, b.difference_count) for b in found]
        table("Baselines", ["client", "name", "day", "moment", "differences"], rows)


@baseline.command("diff")
def diff(
    client: OneClient,
    on: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"], help="The baseline's day, or with --to any; the latest baseline by default."
        ),
    ] = None,
    to: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="The later day; the last build by default.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Show what differs now from a baseline, as the build found it, or between two days; net of what was set back."""
    settings = Settings.from_environment()
    if to is not None:
        _between(settings, client, _day(on), to.date(), as_json=as_json)
        return
    from driftline.baseline import compare

    found = compare(settings, client_id=client, on=_day(on))
    if as_json:
        emit(found)
        return
    title = f"differences from '{found.baseline.name}' ({found.baseline.baseline_on})"
    _print(f"{client}: {len(found.differences)} {title}", found.differences)
    for note in found.notes:
        console.print(note, highlight=False)


def _between(settings: Settings, client: str, on: date | None, to: date, *, as_json: bool) -> None:
    from driftline.comparison import compare_days

    found = compare_days(settings, client_id=client, on=on, to=to, now=now())
    if as_json:
        emit(found)
        return
    days = [f"{moment.day} (read {moment.read_at:%Y-%m-%d %H:%M} UTC)" for moment in (found.earlier, found.later)]
    _print(f"{client}: {len(found.differences)} differences between {' and '.join(days)}", found.differences)
    if found.unwatched_models:
        watched = ", ".join(found.unwatched_models)
        console.print(f"Not compared, because watched only since then: {watched}", highlight=False)


def _print(title: str, differences: list[Difference]) -> None:
    rows = [
        (it.area, it.kind, it.what, it.before_value, it.after_value, it.changed_by, it.origin, it.explained_by)
        for it in differences
    ]
    table(title, ["area", "change", "what", "before", "after", "by", "origin", "explained by"], rows)
