"""Read the catalogue's entries from disk."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from driftline.catalogue.entry import Catalogue, Entry, Evidence
from driftline.declarations import read_yaml, validate
from driftline.errors import ConfigError

ENTRIES_FOLDER = Path(__file__).parent / "entries"
EVIDENCE_FILE = Path(__file__).parent / "evidence.yml"


@cache
def load_catalogue(folder: Path = ENTRIES_FOLDER) -> Catalogue:
    """Read every `*.yml` in the folder, once per process; raise ConfigError for a broken or doubled entry or none."""
    entries: dict[str, Entry] = {}
    for path in sorted(folder.glob("*.yml")):
        entry = validate(Entry, read_yaml(path), where=str(path))
        if path.stem != entry.table:
            raise ConfigError(f"{path}: the file must be named after its table, '{entry.table}.yml'.")
        if entry.model in entries:
            raise ConfigError(f"{path}: the model {entry.model} is declared twice.")
        entries[entry.model] = entry
    if not entries:
        raise ConfigError(f"{folder}: no catalogue entry found.")
    return Catalogue(entries)


def load_evidence(file: Path = EVIDENCE_FILE) -> Evidence:
    """Read what is known of each version and what only from documentation; raise ConfigError for a broken file."""
    return validate(Evidence, read_yaml(file), where=str(file))
