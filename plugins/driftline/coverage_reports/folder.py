"""Where reports lie: a folder, or an object store's URL, opened as Airflow's own object storage paths are."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from driftline.errors import ConfigError

# Local paths and object storage share the methods of pathlib; no common type exists.
Folder = Any

_MAX_FILES = 10_000


def open_folder(address: str) -> dict[str, Folder]:
    """Name the folders below an address; raise ConfigError where there is none."""
    try:
        root = _path(address)
        if not root.is_dir():
            raise ConfigError(
                f"{address}: no such folder, so no test reports are read.",
                hint="Make it, or unset DRIFTLINE_TEST_REPORTS.",
            )
        return {item.name: item for item in sorted(root.iterdir(), key=str) if item.is_dir()}
    except (OSError, ImportError, ValueError) as error:
        raise ConfigError(f"{address}: test reports cannot be read there: {error}.") from error


def files_of(folder: Folder) -> Iterator[tuple[str, Folder]]:
    """Give every file below a client's folder with its path relative to it, in order; links leading out are none."""
    count = 0
    for item in sorted(folder.rglob("*"), key=str):
        name = str(item)[len(str(folder)) :].lstrip("/")
        if any(part.startswith(".") for part in name.split("/")) or not item.is_file() or _leads_out(item, folder):
            continue
        count += 1
        if count > _MAX_FILES:
            raise ConfigError(f"{folder}: more than {_MAX_FILES} files.", hint="Clear old reports away.")
        yield name.encode("utf-8", "replace").decode(), item


def _path(address: str) -> Folder:
    if "://" not in address:
        return Path(address)
    from upath import UPath

    return UPath(address)


def _leads_out(item: Folder, folder: Folder) -> bool:
    return isinstance(item, Path) and not item.resolve().is_relative_to(folder.resolve())
