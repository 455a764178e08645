"""The databases and roles of one local stack: warehouse, Airflow's own, and one Odoo database per demo client."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import connection as Connection
from psycopg2.extensions import encrypt_password

from demo import odoo
from demo.postgres import EmbeddedPostgres
from demo.vault import Vault

WAREHOUSE = "warehouse"
AIRFLOW = "airflow"
OWNER = "driftline"
ANALYST = "analyst"
_SEED = 1  # the one that demo/truth.yml is true of


class Databases:
    """Addresses of everything on one embedded server, and how it comes to be there."""

    def __init__(self, server: EmbeddedPostgres, vault: Vault) -> None:
        self.server = server
        self._vault = vault

    @property
    def warehouse_url(self) -> str:
        return self.owner_url(WAREHOUSE)

    def owner_url(self, database: str) -> str:
        """The address of a warehouse, with its owner's rights."""
        return self._url(database, OWNER)

    @property
    def airflow_url(self) -> str:
        return self._url(AIRFLOW, AIRFLOW)

    @property
    def analyst_url(self) -> str:
        """The address a BI tool uses: reads what is published, nothing else."""
        return self._url(WAREHOUSE, ANALYST)

    def client_url(self, client_id: str) -> str:
        """The address the platform reads a demo client's database with."""
        return self._url(client_database(client_id), reader(client_id))

    def server_url(self, client_id: str) -> str:
        """The address a client's own Odoo server uses."""
        return self._url(client_database(client_id), server_role(client_id))

    def admin_url(self, database: str = "postgres") -> str:
        return self.server.url(database)

    def create(self) -> None:
        """Make roles and databases on a fresh server; nobody may connect to a database that is not theirs."""
        with closing(_autocommit(self.admin_url())) as admin:
            self._create_role(admin, OWNER, "createrole")
            self._create_role(admin, AIRFLOW, "")
            self._create_role(admin, ANALYST, "")
            for database, owner in ((WAREHOUSE, OWNER), (AIRFLOW, AIRFLOW)):
                _execute(admin, "create database {} owner {}", database, owner)
                _execute(admin, "revoke connect on database {} from public", database)
            _execute(admin, "grant connect on database {} to {}", WAREHOUSE, ANALYST)

    def create_client(self, client_id: str, *, anchor_at: datetime) -> None:
        """Make one client's Odoo, the login that may read it and change nothing, and its own server's."""
        database = odoo.create(self.admin_url(), client_id, anchor_at=anchor_at, seed=_SEED)
        with closing(_autocommit(self.admin_url(database))) as admin:
            _execute(admin, "revoke connect, temporary on database {} from public", database)
            for role in (reader(client_id), server_role(client_id)):
                self._create_role(admin, role, "")
                _execute(admin, "grant connect on database {} to {}", database, role)
                _execute(admin, "grant usage on schema public to {}", role)
                _execute(admin, "grant select on all tables in schema public to {}", role)
            # A login leaves a row there, and nothing else is written.
            _execute(admin, "grant insert, update on res_users_log to {}", server_role(client_id))
            _execute(admin, "grant usage, update on all sequences in schema public to {}", server_role(client_id))

    def let_analyst_read(self) -> None:
        """Give the analyst every client's published rows; possible once the warehouse is migrated."""
        with closing(_autocommit(self.admin_url(WAREHOUSE))) as admin:
            _execute(admin, "grant bi_reader to {}", ANALYST)
            with admin.cursor() as cursor:
                cursor.execute("insert into ops.reader_scope values (%s, '*') on conflict do nothing", (ANALYST,))

    def refuse_connections(self, client_id: str) -> None:
        """Make one client's database refuse everybody, as a stopped one does."""
        database = client_database(client_id)
        with closing(_autocommit(self.admin_url())) as admin:
            _execute(admin, "alter database {} allow_connections false", database)
            with admin.cursor() as cursor:
                cursor.execute("select pg_terminate_backend(pid) from pg_stat_activity where datname = %s", (database,))

    def _create_role(self, admin: Connection, role: str, attribute: str) -> None:
        # The server gets the verifier only, so no log of a failing statement can show the password.
        verifier = encrypt_password(self._password(role), role, admin, "scram-sha-256")
        with admin.cursor() as cursor:
            statement = sql.SQL("create role {} login {} password %s").format(sql.Identifier(role), sql.SQL(attribute))
            cursor.execute(statement, (verifier,))

    def _password(self, role: str) -> str:
        # The owner's and the clients' addresses travel through the most code, so theirs need encoding.
        return self._vault.password(f"role {role}", is_awkward=role not in {AIRFLOW, ANALYST})

    def _url(self, database: str, role: str) -> str:
        return self.server.url(database, user=role, password=self._password(role))


def client_database(client_id: str) -> str:
    return f"odoo_{client_id}"


def reader(client_id: str) -> str:
    return f"driftline_reader_{client_id}"


def server_role(client_id: str) -> str:
    return f"odoo_server_{client_id}"


def _autocommit(url: str) -> Connection:
    connection = psycopg2.connect(url)
    connection.autocommit = True
    return connection


def _execute(connection: Connection, statement: str, *names: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL(statement).format(*(sql.Identifier(name) for name in names)))
