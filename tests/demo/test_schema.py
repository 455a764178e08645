"""The schema excerpts are Odoo's own, and hold what the catalogue reads."""

from __future__ import annotations

import json

import psycopg2
import pytest
from demo_world import FACTS, needs_facts
from driftline.catalogue import OdooVersion, load_catalogue

from demo import odoo
from demo.odoo.schema import HERE, load_schema, make

pytest_plugins = ["demo_world"]

OBSERVED = {"delta": "16.0", "aegean": "17.0", "cordoba": "18.0", "boreal": "19.0"}


@needs_facts
@pytest.mark.parametrize("version", make.VERSIONS)
def test_an_excerpt_is_what_its_script_makes_of_the_real_servers_answers(version):
    assert make.render(make.observed(FACTS, version)) == (HERE / f"{version}.json").read_text()


def test_the_excerpt_of_14_is_what_its_script_derives():
    assert make.render(make.documented_14()) == (HERE / "14.0.json").read_text()


@needs_facts
@pytest.mark.parametrize("client_id", OBSERVED)
def test_a_database_has_every_stored_column_of_the_real_server_with_its_type(client_id, databases):
    models = json.loads((FACTS / OBSERVED[client_id] / "models.json").read_text())
    expected = {
        (model["table"], name): field["column"]
        for model in models.values()
        for name, field in model["fields"].items()
        if field.get("column")
    }
    with psycopg2.connect(databases[client_id]) as connection, connection.cursor() as cursor:
        cursor.execute(
            "select c.table_name, c.column_name, c.data_type from information_schema.columns c"
            " join information_schema.tables t using (table_schema, table_name)"
            " where t.table_schema = 'public' and t.table_type = 'BASE TABLE'"
        )
        actual = {(table, column): kind for table, column, kind in cursor.fetchall()}
    made = {table for table, _ in actual}
    expected = {key: kind for key, kind in expected.items() if key[0] in made}
    assert len(expected) > 1500
    assert {key: actual.get(key) for key in expected} == expected
    hidden = {key for key in actual if key not in expected and not key[0].endswith("_rel")}
    unseen = {(table, name) for table, names in make.UNSEEN.items() for name in names.split()}
    assert hidden <= {tuple(name.split(".")) for name in make.HIDDEN} | unseen


@pytest.mark.parametrize("client_id", odoo.CLIENT_IDS)
def test_every_catalogued_table_and_column_of_the_version_is_there(client_id):
    schema = load_schema(odoo.load_truth().clients[client_id].odoo_version)
    version = OdooVersion.parse(schema.version)
    checked = 0
    modules = set(schema.modules) - ({"helpdesk_mgmt"} if client_id == "egret" else set())
    for entry in load_catalogue():
        if not entry.exists_in(version) or entry.documented_only or (entry.module and not modules & set(entry.module)):
            assert entry.table not in schema.tables
            continue
        assert entry.table in schema.tables
        for column in entry.columns_for(version):
            if column.field.computed:
                assert not schema.has(entry.table, column.source)
            elif not column.field.module or modules & set(column.field.module):
                assert schema.has(entry.table, column.source), f"{entry.table}.{column.source}"
                checked += 1
    assert checked > 600


def test_14_says_that_it_comes_from_documentation_and_knows_no_translated_columns():
    schema = load_schema("14.0")
    assert schema.source.startswith("from documentation")
    assert not [
        column.name for table in schema.tables.values() for column in table.columns.values() if column.type == "jsonb"
    ]
    assert schema.has("mail_tracking_value", "field")
    assert not schema.has("mail_tracking_value", "field_id")
    assert schema.has("project_task", "user_id")
    for absent in ("state", "is_closed"):
        assert not schema.has("project_task", absent)


def test_an_unknown_version_is_refused_with_the_known_ones():
    with pytest.raises(FileNotFoundError, match=r"no schema excerpt of Odoo 13\.0\. Known: 14\.0, 16\.0"):
        load_schema("13.0")
