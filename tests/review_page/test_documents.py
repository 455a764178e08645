"""The documents keep their word: links lead somewhere, commands exist, and examples are accepted as they stand."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import driftline.cli.access
import driftline.cli.drift
import driftline.cli.nights
import driftline.cli.quarters
import driftline.cli.upkeep  # noqa: F401  all register their commands
import pytest
import typer
from driftline.catalogue.load import load_catalogue
from driftline.cli.app import app
from driftline.quality.suites import load_suites
from driftline.registry import load_registry

from tests.conftest import REPOSITORY

_DOCUMENTS = sorted([*REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").rglob("*.md")])
_README = (REPOSITORY / "README.md").read_text(encoding="utf-8")


def _commands(group: Any, prefix: str = "") -> Iterator[tuple[str, set[str]]]:
    """Give every command, those of groups as `baseline set`, with its options."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from _commands(command, f"{prefix}{name} ")
        else:
            yield prefix + name, {option for parameter in command.params for option in parameter.opts}


_COMMANDS = dict(_commands(typer.main.get_group(app)))
_GROUPS = {name.split()[0] for name in _COMMANDS if " " in name}


def _example(heading: str) -> str:
    """Give the YAML block under a heading of the README."""
    section = _README.split(f"## {heading}\n")[1].split("\n## ")[0]
    (block,) = re.findall(r"```yaml\n(.*?)```", section, re.DOTALL)
    return block


def _path(document: Path) -> str:
    return str(document.relative_to(REPOSITORY))


@pytest.mark.parametrize("document", _DOCUMENTS, ids=_path)
def test_every_link_leads_to_a_file_and_heading_that_exist(document: Path) -> None:
    assert len(_DOCUMENTS) > 15
    links = re.findall(r"\]\(([^)]+)\)", document.read_text(encoding="utf-8"))
    for link in links:
        if link.startswith("https://"):
            continue
        name, _, anchor = link.partition("#")
        target = (document.parent / name).resolve() if name else document
        assert target.exists(), link
        if anchor:
            headings = re.findall(r"^#+ (.*)$", target.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}, link


@pytest.mark.parametrize("document", _DOCUMENTS, ids=_path)
def test_every_command_and_option_exists(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    blocks = [line.strip() for block in re.findall(r"```\n(.*?)```", text, re.DOTALL) for line in block.splitlines()]
    lines = [line for line in blocks + re.findall(r"`([^`\n]+)`", text) if re.match(r"driftline [a-z]", line)]
    for line in lines:
        command, *rest = line.split()[1:]
        # Of a group, `set|list` names several commands.
        named = [f"{command} {word}" for word in rest.pop(0).split("|")] if command in _GROUPS else [command]
        options = {word.strip("[]") for word in rest if word.strip("[]").startswith("--")}
        for name in named:
            assert name in _COMMANDS, line
            assert options <= _COMMANDS[name], line
    for target in re.findall(r"`make ([a-z-]+)", text):
        assert f"\n{target}:" in (REPOSITORY / "Makefile").read_text(encoding="utf-8"), target


def test_the_readmes_client_is_accepted(tmp_path: Path) -> None:
    file = tmp_path / "clients.yml"
    file.write_text(_example("Add a client"), encoding="utf-8")
    client = load_registry(file).client("aegean")
    assert (client.odoo_version, client.timezone, client.tickets.source) == ("17.0", "Europe/Athens", "helpdesk")


def test_the_readmes_model_is_accepted(tmp_path: Path) -> None:
    (tmp_path / "crm_tag.yml").write_text(_example("Add a model"), encoding="utf-8")
    (entry,) = load_catalogue(tmp_path)
    assert entry.table == "crm_tag"
    assert list(entry.all_fields) == ["name", "create_uid", "create_date", "write_uid", "write_date"]


def test_the_readmes_check_is_accepted(tmp_path: Path) -> None:
    suite = (REPOSITORY / "expectations" / "review_candidate.access_user.yml").read_text(encoding="utf-8")
    (tmp_path / "review_candidate.access_user.yml").write_text(f"{suite}\n{_example('Add a check')}", encoding="utf-8")
    (loaded,) = load_suites(tmp_path)
    assert loaded.expectations[-1].id == "login_given"
    assert "{batch}" in loaded.expectations[-1].query
