"""Strict reading of declared YAML: no duplicate keys, and errors that name file, entry and the likely meaning.

What a file declares is checked by the models of its own module (registry, catalogue, policies, quality).
"""

from __future__ import annotations

import difflib
from collections.abc import Hashable
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from driftline.errors import ConfigError


class Strict(BaseModel):
    """A declared thing that refuses unknown keys and never changes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


Declared = TypeVar("Declared", bound=BaseModel)


class _UniqueKeyLoader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """PyYAML lets a second key silently replace the first; a client must not vanish that way."""


def _mapping(loader: _UniqueKeyLoader, node: yaml.MappingNode) -> dict[Hashable, Any]:
    result: dict[Hashable, Any] = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        if key in result:
            raise yaml.constructor.ConstructorError(None, None, f"duplicate key '{key}'", key_node.start_mark)
        result[key] = loader.construct_object(value_node, deep=True)
    return result


_UniqueKeyLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def read_yaml(path: Path) -> Any:
    """Read one YAML file; raise ConfigError with file and line for what is not valid YAML."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file.") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}.") from error
    try:
        return yaml.load(text, Loader=_UniqueKeyLoader)  # noqa: S506  the loader is a SafeLoader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = f" line {mark.line + 1}:" if mark else ""
        raise ConfigError(f"{path}:{line} {error.problem}.") from None
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: not valid YAML: {error}.") from None


def validate(model: type[Declared], value: Any, *, where: str) -> Declared:
    """Check a value against its model; raise ConfigError that names the place and, for a typo, the likely key."""
    try:
        return model.model_validate(value)
    except ValidationError as error:
        raise ConfigError("; ".join(_describe(model, problem, where) for problem in error.errors()) + ".") from None


def _describe(model: type[BaseModel], problem: Any, where: str) -> str:
    path = [str(part) for part in problem["loc"]]
    if problem["type"] == "extra_forbidden":
        inside = f" in {'.'.join(path[:-1])}" if path[:-1] else ""
        return f"{where}: unknown key '{path[-1]}'{inside}.{_suggest(path[-1], _known_keys(model, path[:-1]))}".rstrip(
            "."
        )
    if problem["type"] == "model_type":
        inside = f" in {'.'.join(path)}" if path else ""
        return f"{where}: expected{inside} the keys {', '.join(_known_keys(model, path))}"
    if problem["type"] == "missing":
        return f"{where}: '{'.'.join(path)}' is missing"
    message = str(problem["msg"]).removeprefix("Value error, ")
    return f"{where}: {'.'.join(path) + ': ' if path else ''}{message}"


def _known_keys(model: type[BaseModel], path: list[str]) -> list[str]:
    fields = model.model_fields
    for part in path:
        annotation = fields[part].annotation if part in fields else None
        if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
            return []
        fields = annotation.model_fields
    return [field.alias or name for name, field in fields.items()]


def _suggest(key: str, known: list[str]) -> str:
    close = difflib.get_close_matches(key, known, n=1, cutoff=0.5)
    if close:
        return f" Did you mean '{close[0]}'?"
    return f" Known: {', '.join(known)}." if known else ""
