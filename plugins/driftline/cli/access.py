"""Commands about access: what a change would bring."""

from __future__ import annotations

from typing import Annotated

import typer

from driftline.cli.app import AsJson, OneClient, app, console, emit, table
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
