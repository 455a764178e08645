"""What the dbt project promises of itself: its own tests, its descriptions, its contracts with the other parts."""

from __future__ import annotations

import re

import pytest
import yaml
from driftline import transform
from driftline.catalogue import load_catalogue

from tests.conftest import REPOSITORY
from tests.quality.candidates import ROWS_PER_CLIENT

PROJECT = REPOSITORY / "dbt_project"
# Facts about Odoo or about numbers, or policies, the same for every client.
REFERENCE = {"int_drift__odoo_field", "int_access__sod_side", "poisson_interval"}
BOOKKEEPING = {"published_at", "is_stale", "stale_since_at", "stale_reason"}


def described() -> dict[str, dict]:
    """Give every model, snapshot and seed with what the yml beside it says."""
    found = {}
    for path in sorted(PROJECT.glob("**/*.sql")) + sorted(PROJECT.glob("seeds/*.csv")):
        if path.relative_to(PROJECT).parts[0] in ("analyses", "macros", "tests"):
            continue
        beside = path.with_suffix(".yml")
        assert beside.exists(), f"{path.name} has no yml beside it"
        content = yaml.safe_load(beside.read_text())
        entries = [entry for kind in ("models", "snapshots", "seeds") for entry in content.get(kind, [])]
        assert [entry["name"] for entry in entries] == [path.stem]
        found[path.stem] = entries[0]
    return found


def test_unit_tests_pass(planted):
    variables = {"build_id": "unit", "as_of_at": "2026-11-03T02:00:00+00:00", "quarter": ""}
    result = transform.run_dbt(planted.world.settings, ["test", "--select", "test_type:unit"], variables=variables)
    assert result.exception is None
    outcomes = {item.node.name: (str(item.status), item.message) for item in result.result.results}
    declared = re.findall(
        r"^  - name: (\w+)$",
        "\n".join(path.read_text().partition("unit_tests:")[2] for path in PROJECT.glob("models/**/*.yml")),
        flags=re.MULTILINE,
    )
    assert len(declared) >= 9
    assert set(outcomes) == set(declared)
    assert {name: message for name, (status, message) in outcomes.items() if status != "pass"} == {}


def test_a_build_without_its_variables_does_not_run(planted):
    for missing in ("build_id", "as_of_at"):
        variables = {"build_id": "x", "as_of_at": "2026-11-03T02:00:00+00:00", "quarter": ""}
        del variables[missing]
        command = ["compile", "--select", "int_review__period", "review_scorecard"]
        result = transform.run_dbt(planted.world.settings, command, variables=variables)
        assert not result.success
        assert f"Required var '{missing}' not found" in str(result.exception)


def test_no_branch_depends_on_what_the_project_is_not_parsed_with():
    # The project is parsed with other values than it is run with: what chose by them would refer to the wrong model.
    branches = {
        f"{path.name}: {branch}"
        for path in PROJECT.glob("**/*.sql")
        for branch in re.findall(r"{%-?\s*(?:if|elif|for)\b.*?%}", path.read_text(), flags=re.DOTALL)
    }
    assert len(branches) > 20
    asked = re.compile(r"""var\(["'](build_id|as_of_at|quarter)|build_as_of_at\(|build_id\(""")
    assert [branch for branch in branches if asked.search(branch)] == []


def test_every_description_states_its_grain_and_a_test_proves_it():
    entries = described()
    assert len(entries) > 45
    for name, entry in entries.items():
        assert re.match(r"One row per \w", entry["description"]), name
        tests = [next(iter(test)) for test in entry.get("data_tests", [])]
        assert tests[0] in ("grain", "grain_of_history"), name
        grain = entry["data_tests"][0][tests[0]]["arguments"]["columns"]
        columns = {column["name"]: column.get("description") for column in entry["columns"]}
        assert set(grain) <= set(columns), name
        assert all(columns.values()), name
        if name not in REFERENCE and not name.startswith("odoo_"):
            assert grain[0] == "client_id", name


def test_every_column_of_every_relation_is_described(planted):
    relations = planted.world.rows(
        "select table_schema, table_name, array_agg(column_name::text) from information_schema.columns"
        " where table_schema in ('staging', 'snapshots', 'drift', 'tickets', 'access', 'masterdata',"
        " 'review_candidate') group by 1, 2"
    )
    prefix = {"snapshots": "snap_odoo__", "review_candidate": "review_"}
    entries = described()
    assert len(relations) == len(entries)
    for schema, table, columns in relations:
        name = table if schema == "staging" else prefix.get(schema, f"{schema}_") + table
        name = {"snap_odoo__access_exception": "snap_access__exception"}.get(name, name)
        known = {column["name"] for column in entries[name]["columns"]}
        assert {column for column in columns if not column.startswith("dbt_")} == known, name


def test_a_candidate_has_the_columns_and_types_of_its_published_table(planted):
    def columns(schema: str) -> dict[str, dict[str, str]]:
        rows = planted.world.rows(
            "select c.relname, a.attname, format_type(a.atttypid, a.atttypmod) from pg_attribute a"
            " join pg_class c on c.oid = a.attrelid and c.relkind = 'r' join pg_namespace n on n.oid = c.relnamespace"
            " where n.nspname = %s and a.attnum > 0 and not a.attisdropped order by a.attnum",
            schema,
        )
        found: dict[str, dict[str, str]] = {}
        for table, name, kind in rows:
            found.setdefault(table, {})[name] = kind
        return found

    published, candidates = columns("review"), columns("review_candidate")
    assert set(candidates) == set(published) - {"publication", "seal"}
    assert set(candidates) == set(ROWS_PER_CLIENT)
    for table, found in candidates.items():
        wanted = {name: kind for name, kind in published[table].items() if name not in BOOKKEEPING}
        assert found == wanted, table


def test_sources_and_staging_are_tables_of_the_catalogue():
    tables = {entry.table for entry in load_catalogue()}
    content = yaml.safe_load((PROJECT / "models" / "staging" / "raw.yml").read_text())
    sources = {table["name"] for table in content["sources"][0]["tables"]}
    staged = {path.stem.removeprefix("stg_odoo__") for path in PROJECT.glob("models/staging/stg_*.sql")}
    assert len(sources) > 10
    # Configuration has one shape and needs no staging model of its own.
    assert sources == staged | {entry.table for entry in load_catalogue() if entry.configuration}
    assert sources <= tables


@pytest.mark.parametrize("word", ["now()", "current_timestamp", "current_date", "clock_timestamp", "random("])
def test_no_model_asks_a_clock(word):
    files = list(PROJECT.glob("**/*.sql"))
    assert len(files) > 50
    assert [path.name for path in files if word in path.read_text().lower()] == []


def test_nothing_is_written_into_the_repository(planted):
    assert not [path for name in ("target", "logs", "dbt_packages") for path in PROJECT.glob(name)]
    assert not (PROJECT / ".user.yml").exists()
