"""The version of the dbt project as one hash, and which of its models a seal recomputes from which inputs.

Recomputed are the review tables, the marts behind them, what lies between, and what says `meta: {recomputed: true}`:
steps of a calculation that a mart merely shows. Inputs are what those read. dbt's file differs at every parse, so that
the hash is over the sorted checksums of its nodes and macros.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from driftline.errors import GateError

if TYPE_CHECKING:
    from driftline.settings import Settings

_HASHED = ("model", "snapshot", "seed")
_RECOMPUTED_FOLDERS = ("marts", "review")


@dataclass(frozen=True)
class Code:
    """One version of the dbt project. `recomputed` are names of models, `inputs` relations as schema.name."""

    sha256: str
    dbt_version: str
    recomputed: tuple[str, ...]
    inputs: tuple[str, ...]


def read_code(settings: Settings) -> Code:
    """Read what dbt last parsed; raise FileNotFoundError where it has not parsed anything here yet."""
    path = settings.build_folder / "dbt" / "target" / "manifest.json"
    return _code(json.loads(path.read_text(encoding="utf-8")), settings.dbt_project_folder)


def parse_code(settings: Settings) -> Code:
    """Parse the project as it lies there now, which takes seconds."""
    from driftline.transform import parse_project

    result = parse_project(settings, variables={})
    if not result.success:
        raise GateError(f"dbt cannot read the project: {result.exception}.")
    return read_code(settings)


def code_of_build(settings: Settings, sha256: str | None) -> Code:
    """Give the code that a build was made with; raise GateError where that is not the code that lies here."""
    try:
        code = read_code(settings)
    except FileNotFoundError:
        code = None
    if code is None or code.sha256 != sha256:
        code = parse_code(settings)
    if code.sha256 != sha256:
        raise GateError(
            f"the dbt project here has the hash {code.sha256[:12]}, the build was made with {(sha256 or 'none')[:12]}.",
            hint="Check out the code of that build, or build the quarter again.",
        )
    return code


def hash_files(project: Path) -> str:
    """Hash the files of a dbt project, which takes no parsing: another hash may be the same code, never the reverse."""
    files = sorted(path for kind in ("sql", "yml", "csv") for path in project.rglob(f"*.{kind}"))
    lines = [f"{path.relative_to(project).as_posix()} {_sha256(path.read_bytes())}" for path in files]
    return _sha256("\n".join(lines).encode())


def _code(manifest: dict[str, Any], project: Path) -> Code:
    nodes, sources = manifest["nodes"], manifest["sources"]
    name = manifest["metadata"]["project_name"]
    lines = [f"dbt {manifest['metadata']['dbt_version']}"]
    lines += [f"{key} {_checksum(node, project)}" for key, node in nodes.items() if node["resource_type"] in _HASHED]
    lines += [
        f"{key} {_sha256(macro['macro_sql'].encode())}"
        for key, macro in manifest["macros"].items()
        if macro["package_name"] == name
    ]
    recomputed = _recomputed(nodes, manifest["parent_map"])
    parents = {parent for key in recomputed for parent in manifest["parent_map"][key]} - recomputed
    # What tells an incremental build what to compute says nothing about a number.
    parents -= {key for key in parents if key in nodes and nodes[key]["config"]["meta"].get("bookkeeping")}
    return Code(
        sha256=_sha256("\n".join(sorted(lines)).encode()),
        dbt_version=manifest["metadata"]["dbt_version"],
        recomputed=tuple(sorted(nodes[key]["name"] for key in recomputed)),
        inputs=tuple(sorted(_relation(nodes.get(key) or sources[key]) for key in parents)),
    )


def _recomputed(nodes: dict[str, Any], parents: dict[str, list[str]]) -> set[str]:
    ancestors: set[str] = set()
    waiting = [key for key, node in nodes.items() if _is_in(node, ("review",))]
    while waiting:
        key = waiting.pop()
        if key not in ancestors:
            ancestors.add(key)
            waiting += parents.get(key, [])
    known = {key: nodes[key] for key in ancestors if key in nodes}
    found = {key for key, node in known.items() if _is_in(node, _RECOMPUTED_FOLDERS) or node["meta"].get("recomputed")}
    # An intermediate model that reads a mart is computed after it, not before; a history of marts stays an input.
    models = {key for key, node in known.items() if node["resource_type"] == "model"}
    while more := {key for key in models - found if found & set(parents.get(key, ()))}:
        found |= more
    return found


def _is_in(node: dict[str, Any], folders: tuple[str, ...]) -> bool:
    return node["resource_type"] == "model" and node["fqn"][1] in folders


def _relation(node: dict[str, Any]) -> str:
    return f"{node['schema']}.{node.get('alias') or node['identifier']}"


def _checksum(node: dict[str, Any], project: Path) -> str:
    # Of a large seed dbt takes the path for a checksum.
    if node["checksum"]["name"] == "path":
        return _sha256((project / node["original_file_path"]).read_bytes())
    return str(node["checksum"]["checksum"])


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
