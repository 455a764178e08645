"""Make the seeds odoo_model_fields.csv and odoo_modules.csv from what real Odoo servers answered.

    python dbt_project/seeds/make_odoo_facts.py FACTS READ_ON

FACTS holds a folder per version with models.json (fields of each model) and server.json (installed modules). Run it
when another version's answers are at hand. Not here: odoo_renames.csv, written by hand and tested against these.
"""

from __future__ import annotations

import csv
import json
import sys
from datetime import date
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
VERSIONS = ("16.0", "17.0", "18.0", "19.0")


def field_text(name: str, field: dict[str, Any]) -> str:
    """Write a field as name:type, with >model behind a relation, and ~ before one that is computed and not stored."""
    relation = f">{field['relation']}" if field.get("relation") else ""
    return f"{'' if field.get('stored', True) else '~'}{name}:{field['type']}{relation}"


def model_rows(facts: Path, version: str, read_on: date) -> list[list[Any]]:
    """Give a row per model of one version."""
    models = json.loads((facts / version / "models.json").read_text(encoding="utf-8"))
    return [
        [
            int(version.split(".")[0]),
            model,
            " ".join(field_text(name, field) for name, field in sorted(entry["fields"].items())),
            f"answers of an Odoo {version} server",
            read_on,
        ]
        for model, entry in sorted(models.items())
    ]


def module_rows(facts: Path, read_on: date) -> list[list[Any]]:
    """Give a row per module that any of the servers had installed, and on which versions."""
    seen: dict[str, dict[str, str]] = {}
    for version in VERSIONS:
        server = json.loads((facts / version / "server.json").read_text(encoding="utf-8"))
        for module in server["modules"]:
            seen.setdefault(module["name"], {})[version.split(".")[0]] = module["author"]
    return [
        [
            name,
            "OCA" if any("OCA" in author for author in authors.values()) or name == "helpdesk_mgmt" else "Odoo",
            " ".join(authors),
            "modules of the servers asked",
            read_on,
        ]
        for name, authors in sorted(seen.items())
    ]


def write(name: str, header: list[str], rows: list[list[Any]]) -> None:
    """Write one seed."""
    with (HERE / name).open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([header, *rows])


def main(facts: Path, read_on: date) -> None:
    """Write both seeds."""
    models = [row for version in VERSIONS for row in model_rows(facts, version, read_on)]
    write("odoo_model_fields.csv", ["major", "model", "fields", "source", "read_on"], models)
    write("odoo_modules.csv", ["module", "origin", "majors", "source", "read_on"], module_rows(facts, read_on))


if __name__ == "__main__":
    main(Path(sys.argv[1]), date.fromisoformat(sys.argv[2]))
