"""Test reports that clients' CI drops into a folder or object store: read, checked, and kept in `ops` by module.

`<folder>/<client>/…/*.xml|json|log`: Cobertura or JUnit XML, coverage.py's JSON, the log of an Odoo server that ran its
tests. They come from outside: nothing in them is trusted, and one that cannot be believed is refused whole. What the
numbers mean for a client is the marts' question.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from driftline.coverage_reports import storing, text_reports, xml_reports
from driftline.coverage_reports.facts import Facts, believable_time
from driftline.coverage_reports.folder import Folder, files_of, open_folder
from driftline.coverage_reports.modules import assign
from driftline.errors import ReportError
from driftline.warehouse import Role, connect

if TYPE_CHECKING:
    from psycopg2.extensions import cursor as Cursor

    from driftline.settings import Settings

MAX_MEGABYTES = 50

__all__ = ["MAX_MEGABYTES", "FileReport", "ReadReport", "read_reports"]


@dataclass(frozen=True)
class FileReport:
    """One delivered file: `read`, `refused`, or `known` (read before, unchanged), and why or what is odd in it."""

    client_id: str
    path: str
    state: str
    message: str
    module_count: int


@dataclass(frozen=True)
class ReadReport:
    """What was found; `unknown_clients` are folders that belong to no client."""

    files: tuple[FileReport, ...]
    unknown_clients: tuple[str, ...]

    @property
    def refused(self) -> list[FileReport]:
        return [file for file in self.files if file.state == "refused"]


def read_reports(settings: Settings, *, now: datetime) -> ReadReport:
    """Read what is new or changed below `settings.test_reports`; a refused file is recorded and does not stop the rest.

    Raises ConfigError where the folder is named and cannot be read.
    """
    if settings.test_reports is None:
        return ReadReport(files=(), unknown_clients=())
    root = open_folder(settings.test_reports)
    with (
        connect(settings, role=Role.LOADER, application="driftline reports") as connection,
        connection.cursor() as cursor,
    ):
        modules = storing.modules_by_client(cursor)
        files = [
            file
            for client_id, folder in root.items()
            if client_id in modules
            for file in _read_client(cursor, client_id, folder, modules[client_id], now=now)
        ]
    return ReadReport(files=tuple(files), unknown_clients=tuple(sorted(set(root) - set(modules))))


def _read_client(
    cursor: Cursor, client_id: str, folder: Folder, modules: Collection[str], *, now: datetime
) -> Iterator[FileReport]:
    known = storing.known_hashes(cursor, client_id)
    for path, file in files_of(folder):
        content, digest = b"", None
        try:
            content = _content(file)
            digest = hashlib.sha256(content).hexdigest()
            if known.get(path) == digest:
                yield FileReport(client_id, path, "known", "", 0)
                continue
            written_at = datetime.fromtimestamp(file.stat().st_mtime, UTC)
            facts = parse(path, content)
            reported_at = believable_time(facts.reported_at, now=now) or min(written_at, now)
            reports, message = assign(facts, modules)
        except ReportError as error:
            storing.refuse(cursor, client_id, path, digest=digest, message=str(error), now=now)
            yield FileReport(client_id, path, "refused", str(error), 0)
            continue
        entry = storing.ReadFile(path, facts.kind, digest, reported_at, message)
        storing.store(cursor, client_id, entry, reports, now=now)
        yield FileReport(client_id, path, "read", message, len(reports))


def parse(path: str, content: bytes) -> Facts:
    """Read one report by the ending of its name; raise ReportError that says what is wrong with it."""
    ending = path.rpartition(".")[2].lower()
    if not content.strip():
        raise ReportError("it is empty.")
    if ending == "xml":
        return xml_reports.parse(io.BytesIO(content))
    if ending == "json":
        return text_reports.parse_coverage_json(content)
    if ending in ("log", "txt"):
        return text_reports.parse_odoo_log(io.TextIOWrapper(io.BytesIO(content), "utf-8", errors="replace"))
    raise ReportError(f"it ends in '.{ending}'; expected .xml, .json or .log.")


def _content(file: Folder) -> bytes:
    limit = MAX_MEGABYTES * 1_000_000
    content = b""
    try:
        size = file.stat().st_size
        if size <= limit:
            with file.open("rb") as stream:
                content = stream.read(limit + 1)
            size = len(content)
    except OSError as error:
        raise ReportError(f"it cannot be read: {error.strerror or error}.") from None
    if size > limit:
        raise ReportError(f"it has {size / 1_000_000:.0f} MB or more; no report needs more than {MAX_MEGABYTES} MB.")
    return content
