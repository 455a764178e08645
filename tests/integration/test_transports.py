"""Whole nights over each transport land the same rows of the same real Odoo, apart from what RPC cannot tell."""

from __future__ import annotations

import psycopg2
import pytest
from conftest import run_sql
from driftline.catalogue import Decoder, Stored, load_catalogue
from nights import run_night
from remote_nights import Remote, with_clients

from demo.server import OdooServer
from integration.odoo_source import FACTS, load_dump

pytestmark = pytest.mark.skipif(not FACTS.is_dir(), reason="the recorded facts about Odoo are absent")

# How many rows a real 17.0 hid from its administrator (facts 11, 12): 669 of 700, 71 of 73, 12 of 26 were seen.
HIDDEN_IN_17 = {"mail.message": 31, "project.task": 2, "project.task.type": 14}
HIDING = {*HIDDEN_IN_17, "project.tags.project.task.rel", "project.task.user.rel"}


@pytest.fixture(params=["17.0", "19.0"])
def real(request, warehouse, new_database, tmp_path):
    """A real Odoo's data, served; one client per transport reads it."""
    version = request.param
    transports = ["rpc"] if version == "17.0" else ["rpc", "json2"]
    url = new_database("odoo")
    load_dump(url, FACTS / version / "demo-data.sql.gz")
    # The dumps name this model and lack its table, which a real database would have.
    run_sql(url, "delete from ir_model where model = 'base_import.mapping'")
    clients = {name: {"transport": name} for name in [*transports, "postgres"]}
    warehouse = with_clients(warehouse, tmp_path, clients)
    with OdooServer(url, version=version, users={"admin": "right"}, api_keys={"good-key": "admin"}) as server:
        yield {
            name: Remote(warehouse, server, url, "good-key" if name == "json2" else "right", client_id=name)
            for name in transports
        }


def test_every_transport_lands_the_same_rows_night_after_night(real):
    # Every login leaves a row in the log of logins: the direct reading comes last, so that it has them all.
    for remote in real.values():
        assert remote.night(1).transport == remote.client_id
    a_remote = next(iter(real.values()))
    run_night(a_remote.warehouse, a_remote.database_url, 1, client_id="postgres")
    is_17 = "json2" not in real
    for remote in real.values():
        assert_same(remote, hidden=HIDDEN_IN_17 if is_17 else {})
    assert_no_canary(a_remote)
    edit_as_odoo_would(a_remote.database_url)
    for remote in real.values():
        remote.night(2, believed=None)
        modes = dict(remote.rows("select mode, count(*) from ops.extract_run where client_id = %s and night_id ="
                                 " 'night 2' group by 1", remote.client_id))  # fmt: skip
        assert modes["incremental"] > 40
    run_night(a_remote.warehouse, a_remote.database_url, 2, client_id="postgres")
    for remote in real.values():
        assert_same(remote, hidden={})
        assert remote.run_of(2, "res.partner")["rows_updated"] > 10
        assert remote.rows(
            "select count(*) from raw.res_partner where client_id = %s and _deleted_at is not null", remote.client_id
        ) == [(1,)]


def edit_as_odoo_would(url: str) -> None:
    """Insert, update, archive, delete, and take a member out of a group, with the stamps that Odoo would leave."""
    now = "now() at time zone 'UTC'"
    columns = ", ".join(
        f'"{name}"'
        for (name,) in run_sql(
            url,
            "select attname from pg_attribute where attrelid = 'res_partner'::regclass and attnum > 0"
            " and not attisdropped and attname not in ('id', 'create_date', 'write_date')",
        )
    )
    run_sql(
        url,
        # What is put in and taken out are the rows, not Odoo's constraints.
        "set session_replication_role = replica;"
        f"update res_partner set name = name || ' *', write_date = {now} where id % 5 = 0;"
        f"update res_users set active = false, write_date = {now} where login = 'portal';"
        f"update ir_config_parameter set value = 'new', write_date = {now} where key = 'mail.catchall.alias';"
        f"insert into res_partner (id, create_date, write_date, {columns}) select 900000, {now}, {now}, {columns}"
        " from res_partner where id = 3;"
        "with gone as (delete from res_partner where id = (select min(id) from res_partner where id not in"
        " (select partner_id from res_users union select partner_id from res_company)) returning id)"
        " delete from ir_attachment where res_model = 'res.partner' and res_id = (select id from gone);"
        "delete from res_groups_users_rel where (uid, gid) = (select uid, max(gid) from res_groups_users_rel"
        " where uid = (select id from res_users where login = 'demo') group by uid)",
    )


def assert_same(remote: Remote, *, hidden: dict[str, int]) -> None:
    """Compare every row and column with the direct client's; as many rows are hidden as a real server hid."""
    compared, different = 0, []
    own = (remote.client_id,)
    partial = dict(
        remote.rows("select model, reason from ops.visibility where client_id = %s and verdict = 'partial'", *own)
    )
    read = set(remote.rows("select model, field from ops.field_coverage where client_id = %s and is_present", *own))
    connection = psycopg2.connect(remote.warehouse.url)
    cursor = connection.cursor()
    for entry in load_catalogue():
        table = f'raw."{entry.table}"'
        both = " and ".join(f'd."{name}" = r."{name}"' for name in entry.key)
        rows = f"(select * from {table} where client_id = %s and _deleted_at is null)"
        cursor.execute(
            f"select count(*) filter (where d.client_id is null), count(*) filter (where r.client_id is null),"
            f" count(*) filter (where d.client_id is not null and r.client_id is not null)"
            f" from {rows} d full join {rows} r on {both}",
            ("postgres", *own),
        )
        only_here, only_there, shared = cursor.fetchone()
        compared += shared
        if only_here:
            different.append(f"{entry.model}: {only_here} rows over {remote.client_id} only")
        if only_there and entry.model not in HIDING:
            different.append(f"{entry.model}: {only_there} rows directly only")
        if only_there and not partial.get(entry.model):
            different.append(f"{entry.model}: {only_there} rows are hidden and nothing says so")
        if entry.model in hidden:
            assert only_there == hidden[entry.model], entry.model
        conditions = {
            name: unlike(name, field, is_read=(entry.model, name) in read) for name, field in entry.all_fields.items()
        }
        if conditions and shared:
            counted = ", ".join(f"count(*) filter (where {condition})" for condition in conditions.values())
            cursor.execute(f"select {counted} from {rows} d join {rows} r on {both}", ("postgres", *own))
            counts = zip(conditions, cursor.fetchone(), strict=True)
            different += [f"{entry.model}.{name}: {count} values differ" for name, count in counts if count]
    connection.close()
    assert compared > 10_000
    assert not different, "\n".join(different)
    assert_coverage(remote)


def unlike(name: str, field, *, is_read: bool) -> str:
    """Say in SQL when two values differ, apart from what RPC cannot tell: parts of a second, NULL of false and of 0."""
    direct, remote = f'd."{name}"', f'r."{name}"'
    if field.company_dependent:
        return f"{remote} is not null"
    if field.computed:
        return f"{direct} is not null"  # it lies in no column
    if not is_read:
        return f"{direct} is not null or {remote} is not null"
    if field.decode in {Decoder.HASHED, Decoder.HASH_IF_SECRET_KEY}:
        # Each client has a salt of its own, so that hashes of the same text differ.
        direct, remote = (f"regexp_replace({side}, '^sha256:[0-9a-f]{{64}}$', 'sha256')" for side in (direct, remote))
    if field.lands_as is Stored.DATETIME:
        direct = f"date_trunc('second', {direct})"
    if field.lands_as is Stored.BOOLEAN:
        direct = f"coalesce({direct}, false)"
    if field.lands_as in {Stored.INTEGER, Stored.FLOAT, Stored.MONETARY} and field.decode is Decoder.PLAIN:
        direct = f"coalesce({direct}, 0)"
    return f"{direct} is distinct from {remote}"


def assert_coverage(remote: Remote) -> None:
    """What this client's reading lacks and the direct one has are company-dependent fields, each with the reason."""
    rows = remote.rows(
        "select r.model, r.field, r.reason from ops.field_coverage r join ops.field_coverage d using (model, field)"
        " where r.client_id = %s and d.client_id = 'postgres' and d.is_present and not r.is_present",
        remote.client_id,
    )
    catalogue = load_catalogue()
    assert {
        (model, field) for model, field, _ in rows if not catalogue[model].all_fields[field].company_dependent
    } == set()
    assert {reason for _, _, reason in rows} <= {"RPC shows one company's value only"}


def assert_no_canary(remote: Remote) -> None:
    """No secret of the source is anywhere in the warehouse."""
    assert remote.source("select count(*) > 0 from ir_config_parameter where value like '%%CANARY-%%'") == [(True,)]
    tables = remote.rows(
        "select table_schema, table_name from information_schema.tables where table_schema in ('raw', 'ops')"
    )
    assert len(tables) > 100
    searched = " union all ".join(
        f"select '{schema}.{table}' from \"{schema}\".\"{table}\" t where t::text ilike '%%CANARY-%%'"
        for schema, table in tables
    )
    assert remote.rows(searched) == []
