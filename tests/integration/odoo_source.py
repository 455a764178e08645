"""Real Odoo data for tests: dumps loaded into PostgreSQL, and an independent reading of them, column by column."""

from __future__ import annotations

import gzip
import hashlib
import hmac
import os
import re
import subprocess
from collections.abc import Callable
from decimal import Decimal
from functools import partial
from pathlib import Path

import psycopg2
from driftline.catalogue import OdooVersion, load_catalogue

from demo.postgres import programs_folder

# An architecture's fields, found without the pattern that the product uses.
_FIELD_TAG = re.compile(r"""(?:<field(?=\s)[^>]*?\sname=|\bfield\[@name=)["'](\w+)""", re.ASCII)
# Recorded facts lie beside the repository, or where the environment says.
FACTS = Path(os.environ.get("ODOO_FACTS") or Path(__file__).resolve().parents[3] / "shared" / "facts" / "odoo")


def load_dump(url: str, dump: Path) -> None:
    """Run a compressed SQL dump into a database, stopping at the first error."""
    command = [str(programs_folder() / "psql"), url, "-v", "ON_ERROR_STOP=1", "-q", "-X", "-o", "/dev/null"]
    with gzip.open(dump, "rb") as stream:
        result = subprocess.run(command, input=stream.read(), capture_output=True, check=False)
    assert result.returncode == 0, result.stderr.decode()[-2000:]


def source_rows(url: str, entry, version: OdooVersion, *, client_id: str, salt: str) -> dict[tuple, dict[str, object]]:
    """Read a whole table by SELECT * and decode it in Python: key -> canonical field -> value."""
    own_salt = hmac.new(salt.encode(), client_id.encode(), "sha256").hexdigest()
    connection = psycopg2.connect(url, options="-c TimeZone=UTC")
    try:
        with connection.cursor() as cursor:
            cursor.execute("select id from ir_model_fields where ttype = 'selection'")
            selections = {row[0] for row in cursor.fetchall()}
            cursor.execute("select to_regclass(%s)", (entry.table,))
            if cursor.fetchone()[0] is None:
                return {}
            cursor.execute(f'select *, xmin::text::bigint as "_row_version" from "{entry.table}"')
            names = [column.name for column in cursor.description]
            rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    finally:
        connection.close()
    return {
        tuple(row[name] for name in entry.key): {
            **dict.fromkeys(entry.all_fields),
            **{
                column.name: _decode(column, row, secret=partial(_salted, own_salt), selections=selections)
                for column in entry.columns_for(version)
                if column.source in row
            },
            "_row_version": row["_row_version"],
        }
        for row in rows
    }


def _salted(salt: str, text: str) -> str:
    return "sha256:" + hashlib.sha256((salt + text).encode()).hexdigest()


def _decode(column, row: dict[str, object], *, secret: Callable[[str], str], selections: set[int]) -> object:
    value, field = row[column.source], column.field
    if isinstance(value, dict) and not field.company_dependent:
        value = value.get("en_US")
    if isinstance(value, Decimal) and field.type.value == "float":
        return float(value)
    if field.decode == "presence":
        return bool(value)
    if value is None or field.decode == "plain":
        return value
    if field.decode == "selection_label":
        return value if row.get("field_id", row.get("field")) in selections else None
    if field.decode == "hash_if_secret_key":
        words = ("secret", "token", "password", "uuid", "key")
        return secret(value) if any(word in str(row["key"]).lower() for word in words) else value
    return {
        "md5": lambda: hashlib.md5(value.encode()).hexdigest(),
        "hashed": lambda: secret(value),
        "length": lambda: len(value),
        "field_names": lambda: sorted(set(_FIELD_TAG.findall(value))),
    }[field.decode.value]()


def raw_rows(warehouse, entry, client_id: str) -> dict[tuple, dict[str, object]]:
    """Read the live rows of a raw table: key -> canonical field -> value, times as naive UTC like Odoo's."""
    names = [*entry.key, *entry.all_fields, "_row_version"]
    columns = ", ".join(
        f"{name} at time zone 'UTC'"
        if name in entry.all_fields and entry.all_fields[name].type.value == "datetime"
        else f'"{name}"'
        for name in names
    )
    rows = warehouse.rows(
        f'select {columns} from raw."{entry.table}" where client_id = %s and _deleted_at is null', client_id
    )
    width = len(entry.key)
    return {row[:width]: dict(zip(names[width:], row[width:], strict=True)) for row in rows}


def differences(warehouse, source_url: str, *, client_id: str, version: OdooVersion, salt: str) -> list[str]:
    """Compare every catalogued column of every row with the source; an empty list means the same."""
    found: list[str] = []
    catalogue = load_catalogue()
    assert len(catalogue) > 80
    for entry in catalogue:
        if not entry.exists_in(version):
            continue
        source = source_rows(source_url, entry, version, client_id=client_id, salt=salt)
        raw = raw_rows(warehouse, entry, client_id)
        found += [f"{entry.model} {key}: in the source only" for key in sorted(source.keys() - raw.keys())]
        found += [f"{entry.model} {key}: in raw only" for key in sorted(raw.keys() - source.keys())]
        for key in source.keys() & raw.keys():
            if repr(source[key]) != repr(raw[key]):
                found.append(f"{entry.model} {key}: {source[key]} != {raw[key]}")
    return found
