"""Evidence of a review for an auditor: a folder of plain files whose manifest says what each of them was.

The manifest comes last, so that a folder without one was never finished; its hash is kept in `ops.access_evidence`.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from driftline.access_review import attested, cycle, worksheet
from driftline.access_review.cells import neutral
from driftline.access_review.findings import TABLES, parameters
from driftline.errors import ConfigError, ReviewCycleError
from driftline.sealing.manifest import as_text, sha256_of
from driftline.sealing.storing import MANIFEST, MANIFEST_SHA256
from driftline.sealing.verifying import VerifyReport
from driftline.warehouse import BUILD_LOCK, Role, connect, hold_for_transaction

if TYPE_CHECKING:
    from psycopg2.extensions import cursor as Cursor

    from driftline.settings import Settings

KIND = "access review"
FORMAT = 1


@dataclass(frozen=True)
class Evidence:
    """A folder of evidence as it was written; `row_counts` by file."""

    client_id: str
    quarter: str
    version: int
    folder: Path
    manifest_sha256: str
    row_counts: dict[str, int]


def write_evidence(
    settings: Settings, *, client_id: str, quarter: str, folder: Path, by: str, now: datetime,
    attested_from: Path | None = None,
) -> Evidence:  # fmt: skip
    """Write everything about one review into an empty folder; raise ReviewCycleError where it is not empty."""
    if folder.exists() and any(folder.iterdir()):
        raise ReviewCycleError(f"{folder} is not empty.", hint="Evidence gets a folder of its own.")
    outside = attested.read_attested(attested_from) if attested_from else []
    with (
        connect(settings, role=Role.PUBLISHER, application="driftline access evidence") as connection,
        connection.cursor() as cursor,
    ):
        hold_for_transaction(cursor, BUILD_LOCK, is_shared=True)
        cycle.find(cursor, client_id, quarter, is_locked=True)
        worksheet.parts(cursor, client_id, quarter)
        files, counts = _tables(cursor, client_id, quarter)
        files["privileged_outside.csv"] = _csv(attested.COLUMNS, [list(row) for row in outside])
        counts["privileged_outside.csv"] = len(outside)
        files["parameters.json"] = _json(parameters(cursor, client_id, quarter))
        files["policies.json"] = _json(_policies(cursor, client_id, quarter))
        version = _next_version(cursor, client_id, quarter)
        manifest = _describe(client_id, quarter, version, files, counts, by=by, now=now)
        cursor.execute(
            "insert into ops.access_evidence values (%s, %s, %s, %s, %s, %s)",
            (client_id, quarter, version, now, by, sha256_of(manifest)),
        )
        _write(folder, files, manifest)
    return Evidence(client_id, quarter, version, folder, sha256_of(manifest), counts)


def is_evidence(folder: Path) -> bool:
    """Say whether a folder says of itself that it is evidence of a review of access."""
    try:
        return bool(json.loads((folder / MANIFEST).read_bytes())["kind"] == KIND)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def verify_evidence(folder: Path) -> VerifyReport:
    """Hash the files again: `changed` and `missing` name those that are not what the manifest says."""
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes())
        expected = dict(manifest["files"])
        if manifest["kind"] != KIND or manifest["format"] != FORMAT:
            raise ValueError("another format")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(f"{folder}: no evidence that this version can read ({type(error).__name__}).") from None
    changed, missing = [], []
    noted = folder / MANIFEST_SHA256
    if not noted.exists():
        missing.append("the manifest's own hash")
    elif noted.read_text(encoding="utf-8", errors="replace").split()[:1] != [sha256_of(manifest)]:
        changed.append("manifest: its hash is not the one noted when it was written")
    if manifest["folder_sha256"] != folder_sha256(expected):
        changed.append("manifest: the folder's hash is not that of its files' hashes")
    here = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file() or path.is_symlink()}
    for name, entry in expected.items():
        if name not in here:
            missing.append(name)
        elif hashlib.sha256((folder / name).read_bytes()).hexdigest() != entry["sha256"]:
            changed.append(f"{name}: its content has another hash")
    changed += [f"{name}: is no file of the evidence" for name in sorted(here - {*expected, MANIFEST, MANIFEST_SHA256})]
    return VerifyReport(
        client_id=manifest["client_id"], quarter=manifest["quarter"], version=manifest["version"],
        manifest_sha256=sha256_of(manifest), changed=tuple(changed), missing=tuple(missing), table_count=len(expected),
    )  # fmt: skip


def known_evidence(settings: Settings, report: VerifyReport) -> VerifyReport:
    """Ask the warehouse whether it wrote the evidence with that very manifest."""
    with connect(settings, role=Role.PUBLISHER) as connection, connection.cursor() as cursor:
        cursor.execute(
            "select manifest_sha256 from ops.access_evidence where client_id = %s and quarter = %s and version = %s",
            (report.client_id, report.quarter, report.version),
        )
        return replace(report, is_known=cursor.fetchone() == (report.manifest_sha256,))


def folder_sha256(files: Mapping[str, Mapping[str, Any]]) -> str:
    """Hash all files' names and hashes, by name: one number for the whole folder."""
    lines = (f"{entry['sha256']}  {name}\n" for name, entry in sorted(files.items()))
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _tables(cursor: Cursor, client_id: str, quarter: str) -> tuple[dict[str, bytes], dict[str, int]]:
    files, counts = {}, {}
    for name, query in TABLES.items():
        cursor.execute(query, {"client": client_id, "quarter": quarter})
        rows = cursor.fetchall()
        files[name] = _csv([column.name for column in cursor.description or ()], rows)
        counts[name] = len(rows)
    return files, counts


def _csv(columns: Any, rows: list[Any]) -> bytes:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(value) for value in row])
    return text.getvalue().encode()


def _cell(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, list):
        return neutral(" ".join(map(str, value)))
    # Numbers stay numbers: a minus sign begins no formula there.
    return value if isinstance(value, int | float) else neutral(value)


def _json(value: object) -> bytes:
    return json.dumps(value, sort_keys=True, indent=1, ensure_ascii=False, default=str).encode() + b"\n"


def _policies(cursor: Cursor, client_id: str, quarter: str) -> dict[str, Any]:
    cursor.execute("select policy from ops.access_cycle where client_id = %s and quarter = %s", (client_id, quarter))
    (review,) = cursor.fetchone() or ({},)
    cursor.execute(
        "select p.part, s.setting, s.value from ops.access_roster_part p join ops.policy_setting s using (build_id)"
        " where p.client_id = %s and p.quarter = %s"
        " and s.setting ~ '^(access|capability|sod)'"
        " order by 1, 2",
        (client_id, quarter),
    )
    applied: dict[str, dict[str, Any]] = {}
    for part, setting, value in cursor.fetchall():
        applied.setdefault(f"part {part}", {})[setting] = _own(setting, value, client_id)
    return {"access_review.yml": review, "as applied to the roster": applied}


def _own(setting: str, value: Any, client_id: str) -> Any:
    """Leave out what a setting says of other clients: an auditor of one has no business there."""
    if setting.endswith((".named", "access.service_accounts")):
        return {client_id: value[client_id]} if client_id in value else {}
    if setting.endswith(".mfa_at_idp"):
        return [it for it in value if it == client_id]
    if setting == "access.exemptions":
        return [it for it in value if it["client"] == client_id]
    return value


def _next_version(cursor: Cursor, client_id: str, quarter: str) -> int:
    cursor.execute(
        "select coalesce(max(version), 0) + 1 from ops.access_evidence where client_id = %s and quarter = %s",
        (client_id, quarter),
    )
    (version,) = cursor.fetchone() or (1,)
    return int(version)


def _describe(
    client_id: str, quarter: str, version: int, files: Mapping[str, bytes], counts: Mapping[str, int], *, by: str,
    now: datetime,
) -> dict[str, Any]:  # fmt: skip
    entries = {
        name: {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
        | ({"rows": counts[name]} if name in counts else {})
        for name, content in sorted(files.items())
    }
    return {
        "kind": KIND, "format": FORMAT, "client_id": client_id, "quarter": quarter, "version": version,
        "written_at": now.isoformat(), "written_by": by, "files": entries, "folder_sha256": folder_sha256(entries),
    }  # fmt: skip


def _write(folder: Path, files: Mapping[str, bytes], manifest: Mapping[str, Any]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        (folder / name).write_bytes(content)
    (folder / MANIFEST_SHA256).write_text(f"{sha256_of(manifest)}  {MANIFEST}\n", encoding="ascii")
    (folder / MANIFEST).write_bytes(as_text(manifest))
