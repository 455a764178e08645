"""A seal's numbers computed once more: its inputs in a database of their own, the same models over them, compared.

Needs the sealed version of the dbt project, and a warehouse login that may create a database; it is dropped afterwards.
"""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

import psycopg2
from psycopg2 import sql
from psycopg2.extensions import parse_dsn

from driftline.errors import SealError, WarehouseError
from driftline.publish import as_shown
from driftline.sealing import canonical
from driftline.sealing.canonical import Columns, Part, Rules
from driftline.sealing.code import Code, code_of_build
from driftline.sealing.storing import StoredSeal
from driftline.sealing.verifying import compare, differing, find
from driftline.transform import run_dbt
from driftline.warehouse import Role, connect

if TYPE_CHECKING:
    from driftline.settings import Settings

_PREFIX = "driftline_rebuild_"


@dataclass(frozen=True)
class RebuildReport:
    """What a rebuild gave; `differing` names the tables that came out otherwise than sealed."""

    client_id: str
    quarter: str
    version: int
    model_count: int
    row_count: int
    differing: tuple[str, ...]

    @property
    def is_same(self) -> bool:
        return not self.differing


def rebuild(settings: Settings, *, client_id: str, quarter: str, version: int | None = None) -> RebuildReport:
    """Compute a sealed quarter from its sealed inputs; raise SealError where seal or code are not what they were."""
    with (
        connect(settings, role=Role.PUBLISHER, application="driftline verify") as connection,
        connection.cursor() as cursor,
    ):
        stored, _ = find(cursor, client_id, quarter, version)
    changed, missing = compare(stored)
    if changed or missing:
        raise SealError(
            f"the seal itself is not whole: {'; '.join([*changed, *missing])}.",
            client_id=client_id,
            hint="Run: driftline verify, without --rebuild",
        )
    code = code_of_build(settings, stored.manifest["code"]["sha256"])
    with _scratch(settings) as scratch:
        _load(scratch, stored)
        _compute(scratch, stored.manifest, code)
        parts = _export(scratch, stored.manifest)
    return RebuildReport(
        client_id=client_id,
        quarter=quarter,
        version=stored.manifest["version"],
        model_count=len(code.recomputed),
        row_count=sum(part.row_count for part in parts),
        differing=tuple(differing(parts, stored.manifest["tables"]["published"], what="computed again")),
    )


@contextmanager
def _scratch(settings: Settings) -> Iterator[Settings]:
    name = _PREFIX + secrets.token_hex(6)
    _as_owner(settings, sql.SQL("create database {}").format(sql.Identifier(name)))
    folder = settings.build_folder / name
    try:
        yield replace(settings, warehouse_url=_with_database(settings.warehouse_url, name), build_folder=folder)
    finally:
        _as_owner(settings, sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))
        shutil.rmtree(folder, ignore_errors=True)


def _as_owner(settings: Settings, statement: sql.Composable) -> None:
    try:
        connection = psycopg2.connect(settings.warehouse_url, application_name="driftline verify")
    except psycopg2.OperationalError:
        raise WarehouseError("the warehouse cannot be reached.", hint="Check DRIFTLINE_WAREHOUSE_URL.") from None
    try:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
    except psycopg2.errors.InsufficientPrivilege:
        raise WarehouseError(
            "a rebuild needs a database of its own, which this login may not create.",
            hint="Grant it CREATEDB for the rebuild, or use a login that has it.",
        ) from None
    finally:
        connection.close()


def _with_database(url: str, name: str) -> str:
    parts = {key: str(value) for key, value in parse_dsn(url).items()}
    user, password = quote(parts.pop("user", ""), safe=""), quote(parts.pop("password", ""), safe="")
    host, port = parts.pop("host", ""), parts.pop("port", "5432")
    parts.pop("dbname", None)
    query = {**parts, **({"host": host} if host.startswith("/") else {})}
    place = "" if host.startswith("/") else f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    address = f"postgresql://{user}:{password}@{place}/{name}"
    return f"{address}?{urlencode(query, quote_via=quote)}" if query else address


def _load(scratch: Settings, stored: StoredSeal) -> None:
    inputs = [part for (kind, _), part in sorted(stored.parts.items()) if kind == "inputs"]
    with connect(scratch, role=Role.OWNER) as connection, connection.cursor() as cursor:
        cursor.execute(
            sql.SQL("grant create on database {} to driftline_transformer").format(
                sql.Identifier(connection.info.dbname)
            )
        )
        for schema in sorted({part.table.split(".")[0] for part in inputs}):
            cursor.execute(
                sql.SQL("create schema {} authorization driftline_transformer").format(sql.Identifier(schema))
            )
        cursor.execute("set local role driftline_transformer")
        for part in inputs:
            canonical.load(cursor, part)


def _compute(scratch: Settings, manifest: dict[str, Any] | Any, code: Code) -> None:
    build = manifest["build"]
    variables = {"build_id": build["build_id"], "as_of_at": build["as_of_at"], "quarter": build["quarter"]}
    result = run_dbt(scratch, ["run", "--select", *code.recomputed], variables=variables)
    if not result.success:
        failed = [item.node.unique_id for item in getattr(result.result, "results", ()) if item.status == "error"]
        raise SealError(
            f"dbt could not compute it again: {', '.join(failed) or result.exception}.",
            client_id=manifest["client_id"],
        )


def _export(scratch: Settings, manifest: dict[str, Any] | Any) -> list[Part]:
    rules, client_id = Rules.of(manifest), manifest["client_id"]
    parts = []
    with connect(scratch, role=Role.TRANSFORMER) as connection, connection.cursor() as cursor:
        cursor.execute("select set_config('driftline.build_id', %s, true)", (manifest["build"]["build_id"],))
        for table, entry in manifest["tables"]["published"].items():
            columns = Columns(dict(entry["columns"]))
            source, values = as_shown(table.split(".")[1], list(columns.types))
            shown = sql.SQL("(select client_id as whose, quarter as of_quarter, {} from {}) as shown").format(
                sql.SQL(", ").join(
                    sql.SQL("{} as {}").format(value, sql.Identifier(name)) for name, value in values.items()
                ),
                source,
            )
            chosen = sql.SQL("{} where whose = {} and of_quarter = {}").format(
                shown, sql.Literal(client_id), sql.Literal(manifest["quarter"])
            )
            parts.append(
                canonical.export(
                    cursor, table, columns, chosen, rules=rules, is_rounded=True, key=None, client_id=client_id
                )
            )
    return parts
