"""What a scoped reader sees of published rows after everything was rebuilt, and what such a reader tries in vain."""

from urllib.parse import quote

import psycopg2
import pytest
from driftline import publish, quality
from driftline.migrate import migrate

from tests.conftest import Warehouse, make_settings, run_autocommit, run_sql
from tests.quality import candidates
from tests.quality.candidates import BUILD_ID, NOW

TABLES = ("scorecard", "module_change", "ticket_flow", "access_user", "access_rule", "access_exception", "publication")
DENIED = psycopg2.errors.InsufficientPrivilege


@pytest.fixture(scope="module")
def warehouse(pg_server, _warehouse_template):
    """One warehouse for all that only reads."""
    run_autocommit(pg_server.url(), f'create database "readers" template "{_warehouse_template}"')
    url = pg_server.url("readers")
    return Warehouse(url=url, settings=make_settings(url))


@pytest.fixture(scope="module")
def readers(warehouse, pg_server):
    """Three logins: of acme's analyst, of one who sees all, of one without a scope."""
    candidates.make_tables(warehouse)
    candidates.fill(warehouse, ["acme", "beta", "gamma"])
    migrate(warehouse.settings)
    quality.check(warehouse.settings, build_id=BUILD_ID, now=NOW)
    publish.publish(warehouse.settings, build_id=BUILD_ID, now=NOW)
    names = {"acme_analyst": ["acme"], "everyones_analyst": ["*"], "nobodys_analyst": []}
    database = warehouse.url.rsplit("/", 1)[1]
    for name, scopes in names.items():
        run_sql(pg_server.url(), f"create role {name} login password 'reads only' in role bi_reader")
        for scope in scopes:
            warehouse.rows("insert into ops.reader_scope values (%s, %s)", name, scope)
    address = f"@127.0.0.1:{pg_server.port}/{database}"
    yield {name: f"postgresql://{name}:{quote('reads only')}{address}" for name in names}
    for name in names:
        run_sql(pg_server.url(), f"drop owned by {name}")
        run_sql(pg_server.url(), f"drop role {name}")


def clients_seen(url, table):
    return {client for (client,) in run_sql(url, f"select distinct client_id from review.{table}")}


@pytest.mark.parametrize("table", TABLES)
def test_a_reader_sees_exactly_the_clients_of_its_scope(readers, table):
    assert clients_seen(readers["acme_analyst"], table) == {"acme"}
    assert clients_seen(readers["everyones_analyst"], table) == {"acme", "beta", "gamma"}
    assert clients_seen(readers["nobodys_analyst"], table) == set()


@pytest.mark.parametrize(
    "table",
    ["ops.reader_scope", "ops.client", "quality.gate", "quality.check_result", "quality.checked_client",
     "raw.res_users", "review_candidate.scorecard", "drift.module_change", "snapshots.ir_module_module"],
)  # fmt: skip
def test_a_reader_reads_nothing_but_review(readers, table):
    with pytest.raises(DENIED):
        run_sql(readers["acme_analyst"], f"select * from {table}")


@pytest.mark.parametrize(
    "statement",
    [
        "select ops.readable_clients('everyones_analyst')",
        "set role driftline_publisher",
        "set role driftline_loader",
        "set role everyones_analyst",
        "set session authorization everyones_analyst",
        "update review.scorecard set verdict = 'good'",
        "insert into review.scorecard select * from review.scorecard",
        "delete from review.scorecard",
        "truncate review.scorecard",
        "alter table review.scorecard disable row level security",
        "create policy mine on review.scorecard using (true)",
        "drop policy readers on review.scorecard",
        "create view review.mine as select * from review.scorecard",
        "create function review.mine() returns int language sql as 'select 1'",
        "insert into ops.reader_scope values ('acme_analyst', '*')",
        "set row_security = off; select * from review.scorecard",
        "copy review.scorecard to program 'cat'",
    ],
)
def test_a_reader_cannot_widen_its_sight(readers, statement):
    with pytest.raises(DENIED):
        run_sql(readers["acme_analyst"], statement)


@pytest.mark.parametrize(
    "setting",
    [
        "set role bi_reader",
        "set driftline.build_id = 'build-1'",
        "set session.role = 'everyones_analyst'",
        "set application_name = 'driftline publish'",
        "set search_path = ops, review",
        "set row_security = on",
    ],
)
def test_settings_show_a_reader_no_other_client(readers, setting):
    for table in TABLES:
        seen = run_sql(readers["acme_analyst"], f"{setting}; select distinct client_id from review.{table}")
        assert {client for (client,) in seen} <= {"acme"}


def test_statistics_and_functions_leak_no_other_client(readers, warehouse):
    warehouse.rows("analyze")
    url = readers["acme_analyst"]
    assert run_sql(url, "select * from pg_stats where schemaname = 'review'") == []
    # A cheap function is not run on rows that the policy hides.
    run_sql(
        url,
        "create temp table heard (client text);"
        "create function pg_temp.tell(text) returns boolean language plpgsql cost 0.0000001 as"
        " 'begin insert into heard values ($1); return true; end';"
        "select count(*) from review.scorecard where pg_temp.tell(client_id);"
        "do $$ begin if exists (select from heard where client <> 'acme') then raise 'leaked'; end if; end $$",
    )


def test_a_reader_cannot_pass_its_right_on(readers, warehouse):
    rights = "select relacl::text from pg_class where oid = 'review.scorecard'::regclass"
    before = warehouse.rows(rights)
    run_sql(readers["acme_analyst"], "grant select on review.scorecard to public")
    assert warehouse.rows(rights) == before


def test_a_scope_that_is_taken_away_takes_effect_at_once(readers, warehouse):
    warehouse.rows("delete from ops.reader_scope where role_name = 'everyones_analyst'")
    assert clients_seen(readers["everyones_analyst"], "scorecard") == set()
