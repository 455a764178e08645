"""The models of tickets over a million tickets with five million tracked changes: built in full, and after a night.

Everything is one ratio to what the same machine does in the same run: the full build of the ticket models to plain
`CREATE TABLE AS SELECT` of the same joins, a night with 0.1 % of the tickets changed to the full build. The seconds of
models are those that dbt counts for them; tests of the data and models of other marts are not among them.

The models of the night keep what did not change (ADR 0014); the seconds of deciding what did are among them.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg2
from driftline import transform
from psycopg2.extras import Json

from bench.bench_drift import new_warehouse
from bench.figures import Figure
from bench.nights import write_night
from demo.postgres import EmbeddedPostgres

REPOSITORY = Path(__file__).resolve().parents[1]
CLIENTS, TICKETS_PER_CLIENT, CHANGES_PER_TICKET = 40, 25_000, 5
FIRST_NIGHT = datetime(2026, 11, 1, 2, tzinfo=UTC)
FULL_LIMIT_RATIO, NIGHT_LIMIT_RATIO = 4, 0.1
STAGE_FIELD, STAFF, CUSTOMER, NOTE = 901, 3, 50, 2
NEW, WAITING, DONE = 1, 2, 3
_OFFICE = {
    "source": "here", "spans": [[day, 540, 1020] for day in range(1, 6)], "holidays": ["2026-01-01", "2025-12-25"],
}  # fmt: skip

# A ticket is opened, waits, is worked at, waits, is worked at and closed; half of a day lies between the changes.
_STAGES = f"(array[{NEW}, {WAITING}, {NEW}, {WAITING}, {NEW}, {DONE}])"
_OPENED = "%(read_at)s::timestamptz - interval '3 years' + n * (interval '3 years' - interval '4 days') / %(tickets)s"
_COMMON = "_row_version, _read_at, _night_id"
_STAMPED = "3, %(read_at)s, 'night 1'"

# The joins of the models, without what they compute: tracked changes with their message, ticket, stage and author; the
# answers; the clocks of opening, answer and resolution.
_PEERS = (
    """create table peer.change as
    select v.client_id, t.id as ticket_id, v.id, v.old_value_integer, v.new_value_integer, m.date, t.create_date,
      stage.name, stage.closed, author.id as author
    from raw.mail_tracking_value v
    join raw.ir_model_fields f on f.client_id = v.client_id and f.id = v.field_id
    join raw.mail_message m on m.client_id = v.client_id and m.id = v.mail_message_id
    join raw.helpdesk_ticket t on t.client_id = m.client_id and t.id = m.res_id
    left join raw.helpdesk_ticket_stage stage on stage.client_id = v.client_id and stage.id = v.new_value_integer
    left join raw.res_users author on author.client_id = m.client_id and author.partner_id = m.author_id""",
    """create table peer.answer as
    select t.client_id, t.id, m.date
    from raw.mail_message m
    join raw.res_users author on author.client_id = m.client_id and author.partner_id = m.author_id
    join raw.helpdesk_ticket t on t.client_id = m.client_id and t.id = m.res_id and m.message_type = 'comment'""",
    """create table peer.ticket as
    select t.*, a.worked_before_seconds as opened, b.worked_before_seconds as ended, p.email_hash, snap.dbt_valid_from
    from raw.helpdesk_ticket t
    left join staging.int_tickets__working_piece a on a.client_id = t.client_id
      and a.utc_on = (t.create_date at time zone 'UTC')::date
      and t.create_date >= a.starts_at and t.create_date < a.ends_at
    left join staging.int_tickets__working_piece b on b.client_id = t.client_id
      and b.utc_on = (t.closed_date at time zone 'UTC')::date
      and t.closed_date >= b.starts_at and t.closed_date < b.ends_at
    left join raw.res_partner p on p.client_id = t.client_id and p.id = t.partner_id
    left join snapshots.helpdesk_ticket snap on snap.client_id = t.client_id and snap.odoo_ticket_id = t.id""",
)


def measure(client_count: int = CLIENTS, ticket_count: int = TICKETS_PER_CLIENT) -> Iterator[Figure]:
    folder = REPOSITORY / "build" / "bench-postgres"
    server = EmbeddedPostgres(folder, settings={"shared_buffers": "1GB", "max_wal_size": "8GB"}).start()
    try:
        settings = new_warehouse(server, "tickets")
        connection = psycopg2.connect(settings.warehouse_url, options="-c TimeZone=UTC")
        connection.autocommit = True
        cursor = connection.cursor()
        _plant(cursor, client_count, ticket_count)
        full, full_wall = _build(settings, cursor, 1)
        peer = _peer(cursor)
        quiet, _ = _build(settings, cursor, 2)
        changed = _change(cursor, 3)
        night, night_wall = _build(settings, cursor, 3)
        _prove(cursor, client_count * ticket_count, changed)
        connection.close()
    finally:
        server.stop("immediate")
        shutil.rmtree(folder, ignore_errors=True)
    note = f"{client_count} clients x {ticket_count} tickets x {CHANGES_PER_TICKET} tracked changes"
    yield Figure("tickets.peer_joins", peer, "s", note=f"{note}; CREATE TABLE AS SELECT")
    yield Figure(
        "tickets.full_build", full, "s", vs="tickets.peer_joins", ratio=full / peer, limit=FULL_LIMIT_RATIO,
        note=f"the ticket models; the whole dbt build took {full_wall:.0f} s",
    )  # fmt: skip
    yield Figure("tickets.quiet_night", quiet, "s", vs="tickets.full_build", ratio=quiet / full, note="nothing changed")
    yield Figure(
        "tickets.changed_night", night, "s", vs="tickets.full_build", ratio=night / full, limit=NIGHT_LIMIT_RATIO,
        note=f"{changed} tickets changed; the whole dbt build took {night_wall:.0f} s",
    )  # fmt: skip


def _plant(cursor, client_count: int, ticket_count: int) -> None:
    read_at = FIRST_NIGHT + timedelta(minutes=20)
    parameters = {"read_at": read_at, "clients": client_count, "tickets": ticket_count, "hours": Json(_OFFICE)}
    clients = "(select 'client_' || c as client_id from generate_series(1, %(clients)s) c) as client"

    def insert(table: str, columns: str, values: str, source: str) -> None:
        cursor.execute(
            f"insert into raw.{table} (client_id, {columns}, {_COMMON})"
            f" select client_id, {values}, {_STAMPED} from {clients}, {source}",
            parameters,
        )

    cursor.execute(
        "insert into ops.client"
        " (client_id, name, timezone, ticket_source, is_active, registered_at, business_hours)"
        f" select client_id, client_id, 'Europe/Athens', 'helpdesk', true, %(read_at)s, %(hours)s from {clients}",
        parameters,
    )
    insert(
        "helpdesk_ticket_stage", "id, name, closed", "id, name, id = 3",
        "(values (1, 'New'), (2, 'Awaiting customer'), (3, 'Done')) stage (id, name)",
    )  # fmt: skip
    insert(
        "ir_model_fields", "id, model, name", f"{STAGE_FIELD}, 'helpdesk.ticket', 'stage_id'", "generate_series(1, 1)"
    )
    insert("res_users", "id, partner_id, share, active", f"2, {STAFF}, false, true", "generate_series(1, 1)")
    insert("res_partner", "id", "n", f"generate_series({STAFF}, 500) n")
    insert("helpdesk_ticket_category", "id, name", "n, 'category ' || n", "generate_series(1, 8) n")
    insert(
        "helpdesk_ticket", "id, number, name, partner_id, category_id, stage_id, priority, create_date, closed_date",
        f"n, 'HT' || n, 'ticket ' || n, {CUSTOMER} + n %% 400, n %% 8 + 1, {DONE}, (n %% 4)::text,"
        f" {_OPENED}, {_OPENED} + {CHANGES_PER_TICKET} * interval '12 hours'", "generate_series(1, %(tickets)s) n",
    )  # fmt: skip
    change = f"generate_series(1, %(tickets)s) n, generate_series(1, {CHANGES_PER_TICKET}) k"
    number = f"(n * {CHANGES_PER_TICKET + 1} + k)"
    insert(
        "mail_message", "id, model, res_id, date, author_id, message_type, subtype_id",
        f"{number}, 'helpdesk.ticket', n, {_OPENED} + k * interval '12 hours', {STAFF}, 'notification', {NOTE}", change,
    )  # fmt: skip
    insert(
        "mail_message", "id, model, res_id, date, author_id, message_type, subtype_id",
        f"(n * {CHANGES_PER_TICKET + 1}), 'helpdesk.ticket', n, {_OPENED} + interval '3 hours', {STAFF}, 'comment', 1",
        "generate_series(1, %(tickets)s) n",
    )  # fmt: skip
    insert(
        "mail_tracking_value", "id, field_id, mail_message_id, old_value_integer, new_value_integer, create_date",
        f"{number}, {STAGE_FIELD}, {number}, {_STAGES}[k], {_STAGES}[k + 1], {_OPENED} + k * interval '12 hours'",
        change,
    )  # fmt: skip
    cursor.execute("analyze")


def _change(cursor, number: int) -> int:
    """Let the customer reopen every thousandth ticket, old ones too, as a reading leaves it."""
    at = FIRST_NIGHT + timedelta(days=number - 1)
    parameters = {"at": at - timedelta(hours=5), "read_at": at + timedelta(minutes=20), "first": 10_000_000}
    chosen = "(select client_id, id from raw.helpdesk_ticket where id %% 1000 = 7) as ticket"
    cursor.execute(
        "insert into raw.mail_message (client_id, id, model, res_id, date, author_id, message_type, subtype_id,"
        f" {_COMMON}) select client_id, %(first)s + id, 'helpdesk.ticket', id, %(at)s, {CUSTOMER}, 'notification',"
        f" {NOTE}, 4, %(read_at)s, 'night' from {chosen}",
        parameters,
    )
    cursor.execute(
        "insert into raw.mail_tracking_value (client_id, id, field_id, mail_message_id, old_value_integer,"
        f" new_value_integer, create_date, {_COMMON}) select client_id, %(first)s + id, {STAGE_FIELD}, %(first)s + id,"
        f" {DONE}, {NEW}, %(at)s, 4, %(read_at)s, 'night' from {chosen}",
        parameters,
    )
    cursor.execute(
        f"update raw.helpdesk_ticket set stage_id = {NEW}, _row_version = 4, _read_at = %(read_at)s"
        " where id %% 1000 = 7",
        parameters,
    )
    return cursor.rowcount


def _build(settings, cursor, number: int) -> tuple[float, float]:
    """Build one night; return the seconds of the ticket models and those of the whole build."""
    as_of_at = FIRST_NIGHT + timedelta(days=number - 1)
    night = {"night": f"night {number}", "at": as_of_at}
    write_night(cursor, f"night {number}", as_of_at)
    cursor.execute(
        "insert into ops.completeness"
        " select %(night)s, client_id, 'helpdesk.ticket', 1, 1, 0, 'digest', 'complete', %(at)s from ops.client",
        night,
    )
    started = time.monotonic()
    built = transform.build(
        settings, night_id=f"night {number}", as_of_at=None, quarter=None, now=as_of_at + timedelta(hours=1)
    )
    wall = time.monotonic() - started
    cursor.execute(
        "select node_id, elapsed_seconds from ops.dbt_result where build_id = %s and resource_type = 'model'"
        " and split_part(node_id, '.', 3) ~ '^(int_tickets|tickets)_' order by 2 desc",
        (built.build_id,),
    )
    return sum(seconds for _, seconds in cursor.fetchall()), wall


def _peer(cursor) -> float:
    cursor.execute("create schema peer")
    started = time.monotonic()
    for statement in _PEERS:
        cursor.execute(statement)
    seconds = time.monotonic() - started
    cursor.execute("drop schema peer cascade")
    return seconds


def _prove(cursor, ticket_count: int, changed_count: int) -> None:
    """Nothing is worth its speed that does not count right."""
    cursor.execute(
        "select count(*), count(*) filter (where is_open), sum(reopened_count), min(response_hours),"
        " max(response_hours) from tickets.ticket"
    )
    assert cursor.fetchone() == (ticket_count, changed_count, changed_count, 3, 3)
    cursor.execute("select sum(backlog_count), sum(difference_count) from tickets.backlog_check")
    assert cursor.fetchone() == (changed_count, 0)
