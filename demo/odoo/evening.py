"""The database that planted changes work on: finding records, writing with Odoo's stamps. Not here: the changes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from driftline.registry import Client
from psycopg2 import sql
from psycopg2.extensions import connection as Connection

from demo.odoo.database import DemoError
from demo.odoo.discuss import Author
from demo.odoo.lifecycle import CLOSED, STAGE_NUMBERS
from demo.odoo.rows import LiveRows
from demo.odoo.tickets import TicketTable, make_ticket_table
from demo.odoo.world import ADMIN_UID


@dataclass
class Evening:
    """What one planted change works with: the database, when (naive UTC) it begins, how long it may take."""

    client: Client
    connection: Connection
    sink: LiveRows
    at: datetime
    span: timedelta

    @property
    def today(self) -> date:
        """The moment's day in the client's zone."""
        return self.at.replace(tzinfo=UTC).astimezone(ZoneInfo(self.client.timezone)).date()

    def run(self, statement: str | sql.Composable, *parameters: Any) -> list[tuple[Any, ...]]:
        """Run a statement and return its rows, if it has any."""
        with self.connection.cursor() as cursor:
            cursor.execute(statement, parameters)
            return cursor.fetchall() if cursor.description else []

    def find(self, what: str, query: str, *parameters: Any) -> int:
        """Give the one id that a query finds; raise DemoError that names what is missing."""
        found = self.run(query, *parameters)
        if len(found) != 1:
            raise DemoError(
                f"client '{self.client.client_id}': demo/truth.yml plants a change on {what}, "
                f"which the database has {len(found)} times. Correct the entry under night_two."
            )
        return int(found[0][0])

    def write(self, table: str, row_id: int, values: dict[str, Any], *, uid: int = ADMIN_UID) -> None:
        """Change a row as Odoo does: with stamps."""
        stamped = {**values, "write_uid": uid, "write_date": self.at}
        settings = sql.SQL(", ").join(sql.SQL("{} = %s").format(sql.Identifier(name)) for name in stamped)
        statement = sql.SQL("update {} set {} where id = %s").format(sql.Identifier(table), settings)
        self.run(statement, *stamped.values(), row_id)

    def record(self, xml_id: str, model: str) -> int:
        """Find a record by its external id."""
        query = "select res_id from ir_model_data where module || '.' || name = %s and model = %s"
        return self.find(xml_id, query, xml_id, model)

    def user(self, login: str) -> int:
        """Find a user by login."""
        return self.find(f"user {login}", "select id from res_users where login = %s", login)

    def module(self, name: str) -> int:
        """Find a module's row."""
        return self.find(f"module {name}", "select id from ir_module_module where name = %s", name)

    @cached_property
    def agent(self) -> Author:
        """The person who answers tickets this evening."""
        login = f"helpdesk1@{self.client.client_id}.example"
        user_id = self.user(login)
        query = "select partner_id from res_users where id = %s"
        return Author(user_id, self.find(f"contact of {login}", query, user_id))

    @cached_property
    def tickets(self) -> TicketTable:
        """Where the client's tickets lie."""
        model = "project.task" if self.client.tickets.projects else "helpdesk.ticket"
        query = "select id from ir_model_fields where model = %s and name = %s"
        return make_ticket_table(
            self.client,
            stage_field=self.find(f"{model}.stage_id", query, model, "stage_id"),
            user_field=self.find(f"{model}.user_id", query, model, "user_id"),
        )

    def choose_tickets(self, count: int, *, is_closed: bool, is_latest: bool = False) -> list[tuple[int, int]]:
        """Choose tickets as the head of truth.yml says; return (id, stage number) of each."""
        in_project = "project_id = %(project)s" if self.tickets.project_id else "true"
        with self.connection.cursor() as cursor:
            cursor.execute(
                f"select id, stage_id from {self.tickets.table} where {in_project} and active "
                f"and (stage_id = any(%(closed)s)) = %(is_closed)s "
                f"order by id {'desc' if is_latest else 'asc'} limit %(count)s",
                {
                    "project": self.tickets.project_id,
                    "closed": [STAGE_NUMBERS[stage] for stage in STAGE_NUMBERS if stage in CLOSED],
                    "is_closed": is_closed,
                    "count": count,
                },
            )
            found: list[tuple[int, int]] = cursor.fetchall()
        if len(found) < count:
            raise DemoError(f"client '{self.client.client_id}': {count} tickets wanted, {len(found)} there.")
        return found
