"""Reports as rows of `ops.report_file` and `ops.module_report`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from psycopg2.extensions import cursor as Cursor
from psycopg2.extras import execute_values

if TYPE_CHECKING:
    from driftline.coverage_reports.modules import ModuleReport


@dataclass(frozen=True)
class ReadFile:
    """A file that was read."""

    path: str
    kind: str
    digest: str
    reported_at: datetime
    message: str


def modules_by_client(cursor: Cursor) -> dict[str, frozenset[str]]:
    """Give every client's modules: those it has installed, so that a report cannot speak of another's."""
    cursor.execute(
        "select client.client_id, coalesce(array_agg(module.name) filter (where module.name is not null), '{}')"
        " from ops.client left join raw.ir_module_module module on module.client_id = client.client_id"
        " and module._deleted_at is null and module.state in ('installed', 'to upgrade', 'to remove')"
        " group by client.client_id"
    )
    return {client_id: frozenset(names) for client_id, names in cursor.fetchall()}


def known_hashes(cursor: Cursor, client_id: str) -> dict[str, str]:
    """Give the files that need no second reading; what was odd is looked at again, modules may have come since."""
    cursor.execute(
        "select path, content_sha256 from ops.report_file where client_id = %s and state = 'read' and message = ''",
        (client_id,),
    )
    return dict(cursor.fetchall())


def refuse(cursor: Cursor, client_id: str, path: str, *, digest: str | None, message: str, now: datetime) -> None:
    """Record a refused file; what an earlier content of it said is no longer believed."""
    cursor.execute("delete from ops.report_file where client_id = %s and path = %s", (client_id, path))
    cursor.execute(
        "insert into ops.report_file (client_id, path, state, message, content_sha256, read_at)"
        " values (%s, %s, 'refused', %s, %s, %s)",
        (client_id, path, message.replace("\0", "�"), digest, now),
    )


def store(cursor: Cursor, client_id: str, file: ReadFile, reports: Sequence[ModuleReport], *, now: datetime) -> None:
    """Record a file and what it says of each module, in place of what was there."""
    cursor.execute("delete from ops.report_file where client_id = %s and path = %s", (client_id, file.path))
    cursor.execute(
        "insert into ops.report_file"
        " (client_id, path, kind, state, message, content_sha256, reported_at, read_at)"
        " values (%s, %s, %s, 'read', %s, %s, %s, %s)",
        (client_id, file.path, file.kind, file.message.replace("\0", "�"), file.digest, file.reported_at, now),
    )
    execute_values(
        cursor,
        "insert into ops.module_report (client_id, path, module, covered_line_count, line_count, test_count,"
        " failed_count, skipped_count, reported_at) values %s",
        [
            (
                client_id,
                file.path,
                report.module,
                report.lines.covered if report.lines else None,
                report.lines.total if report.lines else None,
                report.tests.run if report.tests else None,
                report.tests.failed if report.tests else None,
                report.tests.skipped if report.tests else None,
                file.reported_at,
            )
            for report in reports
        ],
    )
