from driftline.catalogue import load_catalogue
from driftline.migrate import migrate, raw_columns


def test_a_second_migration_changes_nothing(warehouse):
    report = migrate(warehouse.settings)
    assert (report.applied, report.created_tables, report.added_columns) == ([], [], [])


def test_raw_has_one_table_per_catalogue_entry_with_exactly_its_columns(warehouse):
    catalogue = load_catalogue()
    assert len(catalogue) > 80
    rows = warehouse.rows(
        "select table_name, column_name from information_schema.columns where table_schema = 'raw'"
        " order by table_name, ordinal_position"
    )
    found: dict[str, list[str]] = {}
    for table, column in rows:
        found.setdefault(table, []).append(column)
    assert found == {entry.table: list(raw_columns(entry)) for entry in catalogue}
