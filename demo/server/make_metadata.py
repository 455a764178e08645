"""Make `metadata/<version>.json.gz`, the models that the demo server knows.

    python demo/server/make_metadata.py FACTS

FACTS is a folder with `16.0/models.json` … `19.0/models.json` as real servers described themselves. 14, 15 and 20 are
derived from their neighbours by public documentation, and say so in `source`. Not here: what only the database knows
(columns that are there, labels, inverse fields); the server reads that when it starts.
"""

from __future__ import annotations

import copy
import gzip
import json
import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
if str(HERE.parents[1]) not in sys.path:
    sys.path.insert(0, str(HERE.parents[1]))

from demo.odoo.schema.documented_14 import CHANGES  # noqa: E402

OBSERVED = ("16.0", "17.0", "18.0", "19.0")
_SHORT = {
    "type": "t",
    "column": "c",
    "relation": "r",
    "relation_table": "x",
    "translate": "l",
    "company_dependent": "d",
    "groups": "g",
    "selection": "v",
}

# The server's own field list hides them; a client that names one is refused by every version.
FORBIDDEN = {"res.users": {"totp_secret": "char"}}


def compact(models: dict[str, Any]) -> dict[str, Any]:
    """Keep what the demo server needs of models.json, under one-letter keys."""
    return {
        name: {
            "table": model["table"],
            "order": model["order"],
            "active": model["active_field"],
            "log": model["log_access"],
            "hidden": model["columns_without_field"],
            "fields": {
                **{field: _compact_field(entry) for field, entry in model["fields"].items()},
                **{field: {"t": kind, "g": "."} for field, kind in FORBIDDEN.get(name, {}).items()},
            },
        }
        for name, model in sorted(models.items())
    }


def _compact_field(entry: dict[str, Any]) -> dict[str, Any]:
    field = {short: entry[long] for long, short in _SHORT.items() if entry.get(long) not in (None, False)}
    return field if entry.get("stored", True) else {**field, "s": 0}


def derive_14(models: dict[str, Any]) -> dict[str, Any]:
    """Take 16.0 back to 14.0: the columns that the public upgrade analyses name."""
    derived = copy.deepcopy(models)
    by_table = {model["table"]: model for model in derived.values()}
    for table, changes in CHANGES.items():
        fields = by_table[table]["fields"]
        for name, definition in changes.items():
            if definition is None:
                fields.pop(name, None)
            else:
                column, kind, relation = definition
                fields[name] = {"t": kind, "c": column, **({"r": relation} if relation else {})}
    derived["project.task"]["fields"].pop("user_ids", None)
    return derived


def derive_15(models: dict[str, Any]) -> dict[str, Any]:
    """15.0 as 16.0: translations are told apart by the column's type, absent columns by their absence."""
    return copy.deepcopy(models)


def derive_20(models: dict[str, Any]) -> dict[str, Any]:
    """Take 19.0 to 20.0: `ir.access` stands for `ir.model.access` and `ir.rule`."""
    derived = copy.deepcopy(models)
    stamps = {
        name: derived["ir.rule"]["fields"][name]
        for name in ("id", "display_name", "create_uid", "create_date", "write_uid", "write_date")
    }
    del derived["ir.model.access"], derived["ir.rule"]
    fields = {
        **stamps,
        "name": {"t": "char", "c": "character varying"},
        "active": {"t": "boolean", "c": "boolean"},
        "model_id": {"t": "many2one", "r": "ir.model", "c": "integer"},
        "group_id": {"t": "many2one", "r": "res.groups", "c": "integer"},
        "operation": {"t": "char", "c": "character varying"},
        "domain": {"t": "text", "c": "text"},
        "kind": {"t": "selection", "s": 0},
        "for_read": {"t": "boolean", "s": 0},
        "for_write": {"t": "boolean", "s": 0},
        "for_create": {"t": "boolean", "s": 0},
        "for_unlink": {"t": "boolean", "s": 0},
    }
    entry = {"table": "ir_access", "order": "model_id, group_id, id", "active": "active", "log": True, "hidden": []}
    derived["ir.access"] = {**entry, "fields": fields}
    return dict(sorted(derived.items()))


def write(version: str, source: str, models: dict[str, Any]) -> Path:
    """Write one version's file; same input, same bytes."""
    path = HERE / "metadata" / f"{version}.json.gz"
    path.parent.mkdir(exist_ok=True)
    text = json.dumps({"version": version, "source": source, "models": models}, separators=(",", ":"), sort_keys=True)
    path.write_bytes(gzip.compress(text.encode(), compresslevel=9, mtime=0))
    return path


def main(arguments: list[str]) -> int:
    if len(arguments) != 1 or not Path(arguments[0]).is_dir():
        print("Usage: python demo/server/make_metadata.py FACTS   (a folder with 16.0/models.json …)", file=sys.stderr)
        return 2
    observed = {
        version: compact(json.loads((Path(arguments[0]) / version / "models.json").read_text())) for version in OBSERVED
    }
    for version, models in observed.items():
        write(version, "observed", models)
    documented = "from documentation: derived from {}"
    write("14.0", documented.format("16.0 and public upgrade analyses"), derive_14(observed["16.0"]))
    write("15.0", documented.format("16.0"), derive_15(observed["16.0"]))
    write("20.0", documented.format("19.0 and the public code of ir.access"), derive_20(observed["19.0"]))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
