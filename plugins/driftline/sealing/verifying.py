"""Is a seal what it was? Its parts are hashed again, and what is published is exported again and compared.

`valid`: nothing differs. `incomplete`: a part of the seal is missing. `changed`: something is not as it was sealed.
`not written by this warehouse`: a folder agrees with itself, and the warehouse that was asked knows no such manifest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from driftline.errors import ConfigError, SealError
from driftline.sealing import storing
from driftline.sealing.canonical import Part, Rules, pseudonym_key
from driftline.sealing.exporting import export_published
from driftline.sealing.manifest import FORMAT, sha256_of
from driftline.sealing.storing import StoredSeal
from driftline.warehouse import Role, connect

if TYPE_CHECKING:
    from psycopg2.extensions import cursor as Cursor

    from driftline.settings import Settings

VALID, CHANGED, INCOMPLETE = "valid", "changed", "incomplete"
FOREIGN = "not written by this warehouse"


@dataclass(frozen=True)
class VerifyReport:
    """What came of it; `changed` and `missing` say in words what differs.

    `is_known` says whether the warehouse wrote that very manifest; None: no warehouse was asked.
    """

    client_id: str
    quarter: str
    version: int
    manifest_sha256: str
    changed: tuple[str, ...]
    missing: tuple[str, ...]
    table_count: int
    is_known: bool | None = None

    @property
    def verdict(self) -> str:
        if self.changed:
            return CHANGED
        if self.missing:
            return INCOMPLETE
        return FOREIGN if self.is_known is False else VALID


def verify(settings: Settings, *, client_id: str, quarter: str, version: int | None = None) -> VerifyReport:
    """Hold a seal in the warehouse (the last version unless told otherwise) against itself and what is published.

    What is published belongs to the last version: an earlier one is held against itself alone.
    """
    with connect(settings, role=Role.PUBLISHER, application="driftline verify") as connection:
        connection.set_session(isolation_level="REPEATABLE READ", readonly=True)
        with connection.cursor() as cursor:
            stored, is_last = find(cursor, client_id, quarter, version)
            changed, missing = compare(stored)
            if is_last:
                published = _published_again(settings, cursor, stored.manifest)
                changed += differing(published, stored.manifest["tables"]["published"], what="published now")
    return _report(stored, changed, missing)


def verify_folder(folder: Path) -> VerifyReport:
    """Hold the files of a seal against their manifest; raise ConfigError where there is no manifest."""
    try:
        stored = storing.read_folder(folder)
        if stored.manifest["format"] != FORMAT:
            raise ValueError("another format")
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ConfigError(
            f"{folder}: no seal that this version can read ({type(error).__name__}).",
            hint="A seal's folder has a manifest.json.",
        ) from None
    changed, missing = compare(stored)
    known = {storing.MANIFEST, storing.MANIFEST_SHA256} | {f"{kind}/{table}.jsonl" for kind, table in stored.parts}
    strays = [str(path.relative_to(folder)) for path in sorted(folder.rglob("*")) if path.is_file()]
    changed += [f"{name}: is no file of the seal" for name in strays if name not in known]
    return _report(stored, changed, missing)


def known_seal(settings: Settings, report: VerifyReport) -> VerifyReport:
    """Ask the warehouse whether it sealed with that very manifest."""
    with connect(settings, role=Role.PUBLISHER, application="driftline verify") as connection:
        cursor = connection.cursor()
        cursor.execute(
            "select manifest_sha256 from review.seal where client_id = %s and quarter = %s and version = %s",
            (report.client_id, report.quarter, report.version),
        )
        return replace(report, is_known=cursor.fetchone() == (report.manifest_sha256,))


def find(cursor: Cursor, client_id: str, quarter: str, version: int | None) -> tuple[StoredSeal, bool]:
    """Read a seal and say whether it is the last one; raise SealError where there is none."""
    last, _ = storing.last_version(cursor, client_id, quarter)
    chosen = version or last
    if not 0 < chosen <= last:
        which = f"version {version} of {quarter}" if version else quarter
        raise SealError(f"{which} is not sealed.", client_id=client_id, hint="Run: driftline seal")
    return storing.read(cursor, client_id, quarter, chosen), chosen == last


def compare(stored: StoredSeal) -> tuple[list[str], list[str]]:
    """Hash manifest and parts again; say what changed and what is missing."""
    changed, missing = [], []
    if not stored.manifest_sha256:
        missing.append("the manifest's own hash")
    elif sha256_of(stored.manifest) != stored.manifest_sha256:
        changed.append("manifest: its hash is not the one noted at the sealing")
    expected = {
        (kind, table): entry for kind, tables in stored.manifest["tables"].items() for table, entry in tables.items()
    }
    missing += [f"{kind}/{table}" for kind, table in expected if (kind, table) not in stored.parts]
    for (kind, table), part in stored.parts.items():
        if (kind, table) not in expected:
            changed.append(f"{kind}/{table}: was not sealed")
        elif part.sha256 != expected[kind, table]["sha256"]:
            changed.append(f"{kind}/{table}: sealed content has another hash")
    return changed, missing


def differing(parts: Iterable[Part], sealed: Mapping[str, Mapping[str, Any]], *, what: str) -> list[str]:
    """Say which of these tables are not as sealed."""
    return [
        f"{part.table}: {part.row_count} rows {what} are not the {sealed[part.table]['rows']} sealed"
        for part in parts
        if part.sha256 != sealed[part.table]["sha256"]
    ]


def _published_again(settings: Settings, cursor: Cursor, manifest: Mapping[str, Any]) -> list[Part]:
    columns = {table: dict(entry["columns"]) for table, entry in manifest["tables"]["published"].items()}
    client_id = manifest["client_id"]
    return export_published(
        cursor, client_id=client_id, quarter=manifest["quarter"], rules=Rules.of(manifest),
        key=pseudonym_key(settings.hash_salt, client_id), sealed=columns,
    )  # fmt: skip


def _report(stored: StoredSeal, changed: list[str], missing: list[str]) -> VerifyReport:
    return VerifyReport(
        client_id=stored.manifest["client_id"],
        quarter=stored.manifest["quarter"],
        version=stored.manifest["version"],
        manifest_sha256=sha256_of(stored.manifest),
        changed=tuple(changed),
        missing=tuple(missing),
        table_count=sum(map(len, stored.manifest["tables"].values())),
    )
