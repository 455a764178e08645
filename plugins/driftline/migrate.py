"""Everything in the warehouse that dbt does not own: numbered migrations, then `raw` made to fit the catalogue."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from importlib import resources
from typing import TYPE_CHECKING

from psycopg2 import sql

from driftline.catalogue import Catalogue, Entry, load_catalogue
from driftline.errors import ConfigError, WarehouseError
from driftline.warehouse import Role, connect, hold_for_transaction

if TYPE_CHECKING:
    from psycopg2.extensions import cursor as Cursor

    from driftline.settings import Settings

# Behind the entry's own columns, in every raw table.
BOOKKEEPING: dict[str, str] = {
    "_row_version": "bigint not null",
    "_read_at": "timestamp with time zone not null",
    "_deleted_at": "timestamp with time zone",
    "_night_id": "text not null",
}


@dataclass(frozen=True)
class MigrationReport:
    """What a migration did; all empty when the warehouse was up to date."""

    applied: list[str]
    created_tables: list[str]
    added_columns: list[str]


def migrate(settings: Settings) -> MigrationReport:
    """Bring the warehouse up to date in one transaction; doing it again changes nothing.

    Raises ConfigError when an applied migration's text has changed, or a catalogued field changed its type.
    """
    catalogue = load_catalogue()
    with connect(settings, role=Role.OWNER) as connection, connection.cursor() as cursor:
        hold_for_transaction(cursor, "driftline:migrate")
        applied = _apply_numbered(cursor)
        cursor.execute("select review.guard_sealed()")
        cursor.execute("set local role driftline_loader")
        created, added = _fit_raw(cursor, catalogue)
    return MigrationReport(applied=applied, created_tables=created, added_columns=added)


def _apply_numbered(cursor: Cursor) -> list[str]:
    cursor.execute(
        "create table if not exists public.driftline_migration"
        " (version integer primary key, name text not null, checksum text not null, applied_at timestamptz not null)"
    )
    cursor.execute("select version, checksum from public.driftline_migration")
    done = dict(cursor.fetchall())
    applied = []
    for version, name, text in _numbered():
        checksum = hashlib.sha256(text.encode()).hexdigest()
        if version in done:
            if done[version] != checksum:
                raise ConfigError(
                    f"migrations/{name}: changed after it was applied.", hint="Restore it and add a new migration."
                )
            continue
        cursor.execute(text)
        cursor.execute(
            "insert into public.driftline_migration values (%s, %s, %s, clock_timestamp())", (version, name, checksum)
        )
        applied.append(name)
    if unknown := set(done) - {version for version, _, _ in _numbered()}:
        raise WarehouseError(
            f"the warehouse is newer than this code: it has migration {max(unknown)}.", hint="Deploy the newer code."
        )
    return applied


def _numbered() -> list[tuple[int, str, str]]:
    files = sorted(
        (item for item in resources.files("driftline").joinpath("migrations").iterdir() if item.name.endswith(".sql")),
        key=lambda item: item.name,
    )
    result = []
    for position, item in enumerate(files, start=1):
        match = re.match(r"(\d{4})_[a-z0-9_]+\.sql\Z", item.name)
        if match is None or int(match[1]) != position:
            raise ConfigError(f"migrations/{item.name}: expected number {position:04d} and a name in lower case.")
        result.append((position, item.name, item.read_text(encoding="utf-8")))
    return result


def _fit_raw(cursor: Cursor, catalogue: Catalogue) -> tuple[list[str], list[str]]:
    created, added = [], []
    for entry in catalogue:
        existing = _columns_of(cursor, entry.table)
        wanted = raw_columns(entry)
        if not existing:
            _create(cursor, entry, wanted)
            created.append(f"raw.{entry.table}")
        for name, declared in wanted.items():
            kind = declared.removesuffix(" not null")
            if existing and name not in existing:
                cursor.execute(
                    sql.SQL("alter table raw.{} add column {} {}").format(
                        sql.Identifier(entry.table), sql.Identifier(name), sql.SQL(kind)
                    )
                )
                added.append(f"raw.{entry.table}.{name}")
            elif existing and existing[name] != kind:
                raise ConfigError(
                    f"catalogue: {entry.model}.{name} is {kind}, but raw.{entry.table}.{name} is {existing[name]}.",
                    hint="A type changes by a numbered migration.",
                )
        _remember(cursor, entry)
    return created, added


def raw_columns(entry: Entry) -> dict[str, str]:
    """Name the columns of an entry's raw table with their types, in order."""
    key = dict.fromkeys(entry.key, "bigint not null")
    fields = {name: field.column_type for name, field in entry.all_fields.items()}
    return {"client_id": "text not null", **key, **fields, **BOOKKEEPING}


def _columns_of(cursor: Cursor, table: str) -> dict[str, str]:
    cursor.execute(
        "select attname, format_type(atttypid, atttypmod) from pg_attribute"
        " where attrelid = to_regclass(format('raw.%%I', %s)) and attnum > 0 and not attisdropped",
        (table,),
    )
    return dict(cursor.fetchall())


def _create(cursor: Cursor, entry: Entry, columns: dict[str, str]) -> None:
    definitions = [sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(kind)) for name, kind in columns.items()]
    key = [sql.Identifier(name) for name in ("client_id", *entry.key)]
    cursor.execute(
        sql.SQL("create table raw.{} ({}, primary key ({}))").format(
            sql.Identifier(entry.table), sql.SQL(", ").join(definitions), sql.SQL(", ").join(key)
        )
    )


def _remember(cursor: Cursor, entry: Entry) -> None:
    cursor.execute(
        "insert into ops.catalogue_entry (model, table_name, entry_hash, applied_at)"
        " values (%s, %s, %s, clock_timestamp())"
        " on conflict (model) do update set entry_hash = excluded.entry_hash, applied_at = excluded.applied_at"
        " where catalogue_entry.entry_hash <> excluded.entry_hash",
        (entry.model, entry.table, entry.entry_hash),
    )
