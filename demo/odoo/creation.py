"""Make a client's database. It gets its name only when it is whole: until then it is called `…_unfinished`."""

from __future__ import annotations

from datetime import datetime

from driftline.grants import second_factor_script
from psycopg2.extensions import make_dsn

from demo.odoo.basics import add_basics
from demo.odoo.configuration import add_configuration
from demo.odoo.custom import add_custom
from demo.odoo.database import DemoError, administer, read_mark, transaction, write_mark
from demo.odoo.master_data import add_master_data
from demo.odoo.people import add_people
from demo.odoo.projects import add_stages_and_projects, add_tasks_and_timesheets
from demo.odoo.schema import create_statements, finish_statements
from demo.odoo.tickets import add_tickets
from demo.odoo.world import World, open_world


def create(admin_url: str, client_id: str, *, anchor_at: datetime, seed: int) -> str:
    """Drop and make the database `odoo_<client_id>` and return its name; same seed and anchor, same rows."""
    world = build_world(client_id, anchor_at=anchor_at, seed=seed)
    name, unfinished = f"odoo_{client_id}", f"odoo_{client_id}_unfinished"
    _refuse_foreign(admin_url, name)
    administer(admin_url, "drop database if exists {} with (force)", unfinished)
    administer(admin_url, "create database {}", unfinished)
    with transaction(make_dsn(admin_url, dbname=unfinished)) as connection:
        with connection.cursor() as cursor:
            for statement in create_statements(world.schema):
                cursor.execute(statement)
            world.rows.copy_into(connection)
            for statement in finish_statements(world.schema):
                cursor.execute(statement)
            if world.truth.without_second_factor is not None:
                cursor.execute(second_factor_script(connection.info.user))
        facts = {"client": client_id, "anchor_at": anchor_at.isoformat(), "seed": seed, "night": 1}
        write_mark(connection, unfinished, facts)
    administer(admin_url, "drop database if exists {} with (force)", name)
    administer(admin_url, "alter database {} rename to {}", unfinished, name)
    return name


def build_world(client_id: str, *, anchor_at: datetime, seed: int) -> World:
    """Make all rows of a client in memory."""
    world = open_world(client_id, anchor_at=anchor_at, seed=seed)
    add_configuration(world)
    add_people(world)
    add_basics(world)
    add_master_data(world)
    add_stages_and_projects(world)
    add_tickets(world)
    add_tasks_and_timesheets(world)
    add_custom(world)
    return world


def _refuse_foreign(admin_url: str, name: str) -> None:
    with transaction(admin_url) as connection, connection.cursor() as cursor:
        cursor.execute("select 1 from pg_database where datname = %s", (name,))
        if cursor.fetchone() and read_mark(connection, name) is None:
            raise DemoError(f"The database {name} is there and is not the demo's. Drop or rename it, then try again.")
