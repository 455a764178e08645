"""From a published number back to what it rests on: build, nights, tables and rows, checks, waivers. Reading only.

Which model answers a KPI stands in the dbt project (`config.meta.answers`), and the way from there to Odoo's tables is
dbt's own graph: nothing of it is repeated here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from psycopg2 import sql

from driftline.catalogue import load_catalogue
from driftline.errors import NotPublishedError
from driftline.warehouse import Role, connect

if TYPE_CHECKING:
    from psycopg2.extensions import cursor as Cursor

    from driftline.settings import Settings

Row = Mapping[str, Any]


@dataclass(frozen=True)
class WhyReport:
    """What a number rests on. Counts of rows are this client's, as they lie there now: see `is_latest_build`."""

    client_id: str
    quarter: str
    kpi: str
    number: Row
    build: Row
    is_latest_build: bool
    tables: tuple[Row, ...]
    odoo_models: tuple[Row, ...]
    checks: tuple[Row, ...]
    waivers: tuple[Row, ...]
    nights: Row
    seal: Row | None


def why(settings: Settings, *, client_id: str, quarter: str, kpi: str) -> WhyReport:
    """Walk from one published KPI to its inputs; raise NotPublishedError, saying what is, where it is not published."""
    manifest = _manifest(settings)
    with connect(settings, role=Role.OWNER, application="driftline why") as connection, connection.cursor() as cursor:
        cursor.execute("set local role driftline_transformer")
        number = _number(cursor, client_id, quarter, kpi)
        build_id = number["build_id"]
        build = _one(cursor, _BUILD, build_id, client_id) or {}
        tables, models = _ancestry(manifest, kpi)
        suites = [*tables, "review_candidate.scorecard", "quality.checked_client"]
        return WhyReport(
            client_id=client_id,
            quarter=quarter,
            kpi=kpi,
            number=number,
            build=build,
            is_latest_build=_is_latest(cursor, build_id),
            tables=tuple({"table": name, "rows": _count(cursor, name, client_id)} for name in tables),
            odoo_models=tuple(_model(cursor, model, table, client_id, build_id) for model, table in models),
            checks=tuple(_all(cursor, _CHECKS, build_id, suites, client_id)),
            waivers=tuple(_all(cursor, _WAIVERS, build_id, client_id)),
            nights=_one(cursor, _NIGHTS, client_id, build.get("as_of_at")) or {},
            seal=_one(cursor, _SEAL, client_id, quarter),
        )


_NUMBER = """
select value, unit, previous_value, verdict, reason, as_of_at, completeness_pct, build_id, published_at, is_stale,
  stale_since_at, stale_reason
from review.scorecard where client_id = %s and quarter = %s and kpi = %s
"""
_BUILD = """
select b.build_id, b.as_of_at, b.is_recomputation, b.code_sha256, c.is_read, c.last_read_at, c.last_night_id,
  c.first_read_at, c.completeness_pct, g.gate, g.is_open, g.reason,
  b.quarter
from ops.build b join ops.build_client c using (build_id)
left join quality.gate g on g.build_id = b.build_id and g.client_id = c.client_id
where b.build_id = %s and c.client_id = %s
"""
_CHECKS = """
select suite, expectation, severity, bool_and(is_passed) as is_passed, sum(failing_count)::bigint as failing_count,
  max(waived_by) as waived_by
from quality.check_result where build_id = %s and suite = any(%s) and client_id in (%s, '*')
group by suite, expectation, severity order by bool_and(is_passed), suite, expectation
"""
_WAIVERS = """
select waiver, suite, expectation, reason, owner, until_on, state from quality.waiver
where build_id = %s and client_id = %s order by waiver
"""
_NIGHTS = """
select count(*) filter (where r.state = 'succeeded') as read_count, count(*) filter (where r.state <> 'succeeded')
  as missed_count, min(n.as_of_at) filter (where r.state = 'succeeded') as first_at,
  max(n.as_of_at) filter (where r.state = 'succeeded') as last_at
from ops.client_run r join ops.night n using (night_id)
where r.client_id = %s and n.as_of_at <= %s and not n.is_recomputation
"""
_SEAL = """
select version, sealed_at, sealed_by, reason, manifest_sha256 from review.seal
where client_id = %s and quarter = %s order by version desc limit 1
"""
_MODEL = """
select c.verdict, c.method, c.source_count, c.warehouse_count, c.checked_at, v.verdict as visibility
from ops.build_client b
join ops.completeness c on c.client_id = b.client_id and c.night_id = b.last_night_id and c.model = %s
left join ops.visibility v on v.client_id = c.client_id and v.model = c.model
where b.build_id = %s and b.client_id = %s
"""


def _manifest(settings: Settings) -> Mapping[str, Any]:
    from driftline.sealing.code import parse_code

    path = settings.build_folder / "dbt" / "target" / "manifest.json"
    if not path.exists():
        parse_code(settings)
    found: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _ancestry(manifest: Mapping[str, Any], kpi: str) -> tuple[list[str], list[tuple[str, str]]]:
    """Give the tables behind a KPI, nearest first, and Odoo's models at the end with their raw tables."""
    nodes, sources, parents = manifest["nodes"], manifest["sources"], manifest["parent_map"]
    waiting = [key for key, node in nodes.items() if node.get("config", {}).get("meta", {}).get("answers") == kpi]
    models = {entry.table: entry.model for entry in load_catalogue()}
    tables: dict[str, None] = {}
    raw: dict[str, str] = {}
    while waiting:
        key = waiting.pop(0)
        node = nodes.get(key) or sources[key]
        name = f"{node['schema']}.{node.get('alias') or node['identifier']}"
        if node["schema"] == "raw":
            raw[models.get(node["identifier"], node["identifier"])] = name
        elif name not in tables and node["resource_type"] in ("model", "snapshot", "seed", "source"):
            tables[name] = None
            waiting += parents.get(key, [])
    return list(tables), sorted(raw.items())


def _number(cursor: Cursor, client_id: str, quarter: str, kpi: str) -> Row:
    if found := _one(cursor, _NUMBER, client_id, quarter, kpi):
        return found
    cursor.execute(
        "select distinct kpi from review.scorecard where client_id = %s and quarter = %s order by 1",
        (client_id, quarter),
    )
    known = ", ".join(name for (name,) in cursor.fetchall())
    raise NotPublishedError(
        f"{kpi} of {quarter} is not published.", client_id=client_id, hint=f"Published: {known or 'nothing'}."
    )


def _model(cursor: Cursor, model: str, table: str, client_id: str, build_id: str) -> Row:
    cursor.execute(
        sql.SQL("select count(*), max(_read_at) from {} where client_id = %s and _deleted_at is null").format(
            sql.Identifier(*table.split("."))
        ),
        (client_id,),
    )
    rows, read_at = cursor.fetchone() or (0, None)
    proof = _one(cursor, _MODEL, model, build_id, client_id) or {}
    return {"model": model, "rows": rows, "last_change_read_at": read_at, **proof}


def _count(cursor: Cursor, table: str, client_id: str) -> int | None:
    """Count the client's rows; None of a table that knows no clients, or is not there."""
    cursor.execute(
        "select exists (select from pg_attribute where attrelid = to_regclass(%s) and attname = 'client_id')",
        (".".join(f'"{part}"' for part in table.split(".")),),
    )
    if not (cursor.fetchone() or (False,))[0]:
        return None
    cursor.execute(
        sql.SQL("select count(*) from {} where client_id = %s").format(sql.Identifier(*table.split("."))), (client_id,)
    )
    return int((cursor.fetchone() or (0,))[0])


def _is_latest(cursor: Cursor, build_id: str) -> bool:
    cursor.execute("select build_id from ops.build where state = 'succeeded' order by started_at desc limit 1")
    return bool((cursor.fetchone() or (None,))[0] == build_id)


def _all(cursor: Cursor, query: str, *parameters: object) -> Iterable[Row]:
    cursor.execute(query, parameters)
    names = [column.name for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _one(cursor: Cursor, query: str, *parameters: object) -> Row | None:
    return next(iter(_all(cursor, query, *parameters)), None)
