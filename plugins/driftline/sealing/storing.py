"""Where seals lie: `review.seal` and `ops.seal_part`, and a folder of plain files beside them."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from psycopg2.extras import Json

from driftline.sealing.canonical import Part
from driftline.sealing.manifest import as_text, sha256_of

if TYPE_CHECKING:
    from psycopg2.extensions import cursor as Cursor

MANIFEST, MANIFEST_SHA256 = "manifest.json", "manifest.sha256"
_SUFFIX = ".jsonl"


@dataclass(frozen=True)
class StoredSeal:
    """One seal as it lies somewhere; `parts` by kind and table, `manifest_sha256` as noted when it was made."""

    manifest: Mapping[str, Any]
    manifest_sha256: str
    parts: Mapping[tuple[str, str], Part]


def last_version(cursor: Cursor, client_id: str, quarter: str) -> tuple[int, str | None]:
    """Give the highest version and its manifest's hash; 0 where the quarter is not sealed."""
    cursor.execute(
        "select version, manifest_sha256 from review.seal where client_id = %s and quarter = %s"
        " order by version desc limit 1",
        (client_id, quarter),
    )
    row = cursor.fetchone()
    return (int(row[0]), str(row[1])) if row else (0, None)


def insert(cursor: Cursor, manifest: Mapping[str, Any], parts: Mapping[str, Iterable[Part]], now: datetime) -> None:
    """Keep a seal in the warehouse."""
    key = (manifest["client_id"], manifest["quarter"], manifest["version"])
    cursor.execute(
        "insert into review.seal (client_id, quarter, version, sealed_at, sealed_by, reason, build_id, as_of_at,"
        " code_sha256, manifest, manifest_sha256) values (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)",
        (
            *key, now, manifest["sealed_by"], manifest["reason"], manifest["build"]["build_id"],
            manifest["build"]["as_of_at"], manifest["code"]["sha256"], Json(manifest), sha256_of(manifest),
        ),
    )  # fmt: skip
    for kind, items in parts.items():
        for part in items:
            cursor.execute(
                "insert into ops.seal_part (client_id, quarter, version, part, table_name, content)"
                " values (%s, %s, %s, %s, %s, %s)",
                (*key, kind, part.table, zlib.compress(part.text, 6)),
            )


def read(cursor: Cursor, client_id: str, quarter: str, version: int) -> StoredSeal:
    """Read a seal from the warehouse; a part whose content cannot be unpacked is left out."""
    key = (client_id, quarter, version)
    cursor.execute(
        "select manifest, manifest_sha256 from review.seal where client_id = %s and quarter = %s and version = %s", key
    )
    manifest, manifest_sha256 = cursor.fetchone() or ({}, "")
    cursor.execute(
        "select part, table_name, content from ops.seal_part where client_id = %s and quarter = %s and version = %s",
        key,
    )
    parts = {}
    for kind, table, content in cursor.fetchall():
        try:
            parts[kind, table] = Part(table, zlib.decompress(bytes(content)))
        except zlib.error:
            parts[kind, table] = Part(table, bytes(content))
    return StoredSeal(manifest, manifest_sha256, parts)


def write_folder(folder: Path, manifest: Mapping[str, Any], parts: Mapping[str, Iterable[Part]]) -> None:
    """Write a seal as files; the manifest comes last, so that a folder without one was never finished."""
    for kind, items in parts.items():
        (folder / kind).mkdir(parents=True, exist_ok=True)
        for part in items:
            (folder / kind / f"{part.table}{_SUFFIX}").write_bytes(part.text)
    (folder / MANIFEST_SHA256).write_text(f"{sha256_of(manifest)}  {MANIFEST}\n", encoding="ascii")
    (folder / MANIFEST).write_bytes(as_text(manifest))


def read_folder(folder: Path) -> StoredSeal:
    """Read a seal from its folder; raise FileNotFoundError or ValueError where there is no manifest to be read."""
    manifest = json.loads((folder / MANIFEST).read_bytes())
    noted = (
        (folder / MANIFEST_SHA256).read_text(encoding="ascii").split() if (folder / MANIFEST_SHA256).exists() else []
    )
    parts = {
        (path.parent.name, path.name.removesuffix(_SUFFIX)): Part(path.name.removesuffix(_SUFFIX), path.read_bytes())
        for path in sorted(folder.glob(f"*/*{_SUFFIX}"))
    }
    return StoredSeal(manifest, noted[0] if noted else "", parts)
