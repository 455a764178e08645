"""Plant between the nights what `demo/truth.yml` says, once. Not here: how each change is made (`changes`)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from driftline.registry import load_registry
from psycopg2.extensions import connection as Connection

from demo.odoo.changes import apply
from demo.odoo.database import DemoError, read_mark, transaction, write_mark
from demo.odoo.evening import Evening
from demo.odoo.rows import LiveRows
from demo.odoo.schema import load_schema
from demo.odoo.truth import load_truth
from demo.odoo.world import CLIENTS_FILE, languages


def plant_night_two(database_url: str, client_id: str, *, at: datetime) -> list[str]:
    """Apply a client's planted changes in one transaction, spread over the time from the anchor to `at`.

    Return a line per change. Raise DemoError for a database that the demo did not make, for another client's, for a
    second application, and for an `at` that is not after the anchor.
    """
    client = load_registry(CLIENTS_FILE).client(client_id)
    planted = load_truth().clients[client_id]
    with transaction(database_url) as connection:
        database = connection.info.dbname
        facts = _checked_facts(connection, database, client_id, at)
        anchor_at = datetime.fromisoformat(facts["anchor_at"])
        step = (at - anchor_at) / (len(planted.night_two) + 1)
        sink = LiveRows(load_schema(planted.odoo_version), connection, **languages(client_id))
        lines = []
        for number, change in enumerate(planted.night_two, start=1):
            moment = (anchor_at + number * step).astimezone(UTC).replace(tzinfo=None)
            lines.append(apply(Evening(client, connection, sink, moment, step), change))
        write_mark(connection, database, {**facts, "night": 2, "planted_at": at.isoformat()})
    return lines


def _checked_facts(connection: Connection, database: str, client_id: str, at: datetime) -> dict[str, Any]:
    facts = read_mark(connection, database)
    if facts is None:
        raise DemoError(f"{database} was not made by demo.odoo.create: nothing is planted in it.")
    if facts["client"] != client_id:
        raise DemoError(f"{database} is the database of client '{facts['client']}', not of '{client_id}'.")
    if facts["night"] != 1:
        raise DemoError(
            f"{database}: night two is planted already (as of {facts['planted_at']}). Create it anew first."
        )
    if at.tzinfo is None or at <= datetime.fromisoformat(facts["anchor_at"]):
        raise DemoError(
            f"{database}: night two must come after the anchor {facts['anchor_at']}, not at {at.isoformat()}."
        )
    return facts
