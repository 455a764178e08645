"""Rows for `raw` and `ops` as a night would leave them, so that a build can be held against what is known of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import psycopg2
from driftline.settings import Settings
from psycopg2 import sql
from psycopg2.extras import execute_values

STAGE_FIELD, STATE_FIELD, TASK_STAGE_FIELD = 900, 901, 902
NEW, DONE, WAITING = 1, 4, 3
MODELS = ("helpdesk.ticket", "project.task", "hr.employee", "res.users", "ir.module.module")


class World:
    """One warehouse, written to as its owner."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._connection = psycopg2.connect(settings.warehouse_url, options="-c TimeZone=UTC")
        self._connection.autocommit = True
        self._ids: dict[str, int] = {}

    def close(self) -> None:
        self._connection.close()

    def rows(self, query: str, *parameters: object) -> list[tuple[Any, ...]]:
        with self._connection.cursor() as cursor:
            cursor.execute(query, parameters or None)
            return cursor.fetchall() if cursor.description else []

    def next_id(self, thing: str) -> int:
        self._ids[thing] = self._ids.get(thing, 1000) + 1
        return self._ids[thing]

    def put(self, table: str, rows: Iterable[Mapping[str, object]]) -> None:
        """Insert rows that share their columns into `schema.table`."""
        listed = list(rows)
        if not listed:
            return
        names = list(listed[0])
        query = sql.SQL("insert into {} ({}) values %s").format(
            sql.SQL(".").join(map(sql.Identifier, table.split("."))), sql.SQL(", ").join(map(sql.Identifier, names))
        )
        with self._connection.cursor() as cursor:
            values = [[row[name] for name in names] for row in listed]
            execute_values(cursor, query.as_string(cursor), values, page_size=2000)

    def raw(
        self,
        client_id: str,
        table: str,
        rows: Iterable[Mapping[str, object]],
        *,
        read_at: datetime,
        deleted_at: datetime | None = None,
    ) -> None:
        bookkeeping = {"_row_version": 3, "_read_at": read_at, "_deleted_at": deleted_at, "_night_id": "night"}
        self.put(f"raw.{table}", ({"client_id": client_id, **row, **bookkeeping} for row in rows))

    def client(
        self,
        client_id: str,
        *,
        timezone: str = "Europe/Athens",
        ticket_source: str = "helpdesk",
        projects: Sequence[int] = (),
        registered_at: datetime,
        upgraded_on: object = None,
    ) -> None:
        self.put(
            "ops.client",
            [
                {
                    "client_id": client_id,
                    "name": client_id.title(),
                    "timezone": timezone,
                    "ticket_source": ticket_source,
                    "ticket_project_ids": list(projects),
                    "last_version_upgrade_on": upgraded_on,
                    "is_active": True,
                    "registered_at": registered_at,
                }
            ],
        )

    def night(self, night_id: str, as_of_at: datetime, client_ids: Sequence[str], **changes: object) -> None:
        night: dict[str, object] = {
            "night_id": night_id, "as_of_at": as_of_at, "client_ids": list(client_ids), "state": "finished",
            "started_at": as_of_at, "is_recomputation": False,
        }  # fmt: skip
        self.put("ops.night", [{**night, **changes}])

    def read(
        self,
        night_id: str,
        client_id: str,
        *,
        read_at: datetime,
        version: str = "17.0",
        error: str | None = None,
        absent: Sequence[str] = (),
        counts: Mapping[str, tuple[int, int, str]] | None = None,
    ) -> None:
        """Record a reading: succeeded with a proof per model, or failed with an error."""
        self.put(
            "ops.client_run",
            [
                {
                    "night_id": night_id,
                    "client_id": client_id,
                    "state": "failed" if error else "succeeded",
                    "odoo_version": version,
                    "read_at": None if error else read_at,
                    "started_at": read_at,
                    "error_class": "SourceUnavailable" if error else None,
                    "error_message": error,
                }
            ],
        )
        if error:
            return
        proofs = counts or {model: (0 if model in absent else 10, 10, "complete") for model in MODELS}
        self.put(
            "ops.completeness",
            (
                {
                    "night_id": night_id,
                    "client_id": client_id,
                    "model": model,
                    "source_count": None if model in absent else source,
                    "warehouse_count": warehouse,
                    "tombstone_count": 0,
                    "method": "digest",
                    "verdict": "absent" if model in absent else verdict,
                    "checked_at": read_at,
                }
                for model, (source, warehouse, verdict) in proofs.items()
            ),
        )

    def watch(self, client_id: str, models: Iterable[str], *, night_id: str, read_at: datetime) -> None:
        """Record that a reading reached these models; their history begins with the next build."""
        mark = {"position": "{}", "source_identity": "{}", "shape_hash": "", "entry_hash": ""}
        mark = {"client_id": client_id, "read_at": read_at, "night_id": night_id, **mark}
        self.put("ops.watermark", ({"model": model, **mark} for model in models))

    def basics(self, client_id: str, *, read_at: datetime, version: str = "17.0.1.3") -> None:
        """What every Odoo has: module base, the fields whose changes are tracked, stages."""
        module = {"id": 1, "name": "base", "state": "installed", "latest_version": version}
        self.raw(client_id, "ir_module_module", [module], read_at=read_at)
        fields = [
            {"id": STAGE_FIELD, "model": "helpdesk.ticket", "name": "stage_id"},
            {"id": STATE_FIELD, "model": "project.task", "name": "state"},
            {"id": TASK_STAGE_FIELD, "model": "project.task", "name": "stage_id"},
            {"id": 903, "model": "helpdesk.ticket", "name": "user_id"},
        ]
        self.raw(client_id, "ir_model_fields", fields, read_at=read_at)
        stages = [{"id": NEW, "closed": False}, {"id": WAITING, "closed": False}, {"id": DONE, "closed": True}]
        self.raw(client_id, "helpdesk_ticket_stage", stages, read_at=read_at)
        folds = [{"id": NEW, "fold": None}, {"id": WAITING, "fold": False}, {"id": DONE, "fold": True}]
        self.raw(client_id, "project_task_type", folds, read_at=read_at)

    def tickets(
        self,
        client_id: str,
        lives: Mapping[int, tuple[datetime, Sequence[tuple[datetime, int, int]], int]],
        *,
        read_at: datetime,
    ) -> None:
        """Write helpdesk tickets: when opened, tracked changes (when, old, new), stage now."""
        rows = [{"id": key, "create_date": life[0], "stage_id": life[2]} for key, life in lives.items()]
        self.raw(client_id, "helpdesk_ticket", rows, read_at=read_at)
        self.changes(client_id, {key: life[1] for key, life in lives.items()}, read_at=read_at)

    def changes(
        self,
        client_id: str,
        changes: Mapping[int, Sequence[tuple[datetime, int, int]]],
        *,
        read_at: datetime,
        model: str = "helpdesk.ticket",
        field_id: int = STAGE_FIELD,
    ) -> None:
        """Write tracked changes (when, old, new) of tickets or tasks, each with its message."""
        messages, values = [], []
        for key, moment, old, new in ((key, *change) for key, listed in changes.items() for change in listed):
            number = self.next_id("message")
            messages.append({"id": number, "model": model, "res_id": key, "date": moment})
            change = {"field_id": field_id, "mail_message_id": number, "create_date": read_at}
            values.append({"id": number, **change, "old_value_integer": old, "new_value_integer": new})
        self.raw(client_id, "mail_message", messages, read_at=read_at)
        self.raw(client_id, "mail_tracking_value", values, read_at=read_at)


def at(text: str) -> datetime:
    """Read a UTC instant as people write it: 2026-09-30 23:30."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
