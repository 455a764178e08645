"""The least rights that reading needs, as a script that the client's administrator can read and run.

On the direct path SQL for a PostgreSQL role; over RPC a script for Odoo's own shell, for a user.
"""

from __future__ import annotations

import json
import re
from importlib import resources

from driftline.catalogue import Catalogue, Entry, OdooVersion
from driftline.catalogue.versions import SUPPORTED_MAJORS
from driftline.errors import ConfigError
from driftline.registry import Client

SECOND_FACTOR_VIEW = "driftline_second_factor"
_PLAIN_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}\Z")


def grant_script(
    client: Client, catalogue: Catalogue, *, role: str = "driftline_reader", shows_second_factor: bool = False
) -> str:
    """Write the SQL; without a pinned version it names the columns of all versions and skips what is absent.

    With `shows_second_factor`, a view tells who has a second factor, and nothing else of it: the role never gets at the
    secret. Raises ConfigError when the role is not a plain SQL identifier.
    """
    _check_name(role)
    lines = []
    for entry in (entry for entry in catalogue if entry.kind != "view"):
        columns = _columns(entry, _versions(client))
        if columns:
            lines.append(f"    ('{entry.table}', array[{', '.join(repr(column) for column in columns)}])")
    script = _template("grants.sql").format(
        name=_comment(client.name), client_id=client.client_id, role=role, tables=",\n".join(lines)
    )
    if shows_second_factor:
        script += second_factor_script(role)
    return script


def second_factor_script(role: str) -> str:
    """Write the SQL of the view that tells who has a second factor; raise ConfigError for a role with no plain name."""
    _check_name(role)
    return _template("grants_second_factor.sql").format(role=role, view=SECOND_FACTOR_VIEW)


def shell_script(client: Client, catalogue: Catalogue, *, login: str = "driftline_reader") -> str:
    """Write a script for `odoo-bin shell`: a group with the right to read exactly these models, and a user in it.

    Raises ConfigError when the login is not a plain name.
    """
    _check_name(login)
    models = sorted(
        {
            entry.via.model if entry.via else entry.model
            for entry in catalogue
            if entry.kind != "view" and any(entry.exists_in(version) for version in _versions(client))
        }
    )
    listed = "".join(f"    {json.dumps(model)},\n" for model in models)
    return (
        _template("grants_shell.py.txt")
        .replace("{{name}}", _comment(client.name))
        .replace("{{client_id}}", client.client_id)
        .replace("{{login}}", login)
        .replace("{{models}}", listed)
    )


def _template(name: str) -> str:
    return resources.files("driftline").joinpath("templates", name).read_text(encoding="utf-8")


def _versions(client: Client) -> list[OdooVersion]:
    return [client.version] if client.version else [OdooVersion(major) for major in SUPPORTED_MAJORS]


def _check_name(name: str) -> None:
    if not _PLAIN_NAME.match(name):
        raise ConfigError(f"'{name}' is not a plain role name (lower-case letters, digits and _).")


def _columns(entry: Entry, versions: list[OdooVersion]) -> list[str]:
    found = {
        column.source: None
        for version in versions
        if entry.exists_in(version)
        for column in entry.columns_for(version)
        if not column.field.computed
    }
    exists = any(entry.exists_in(version) for version in versions)
    return [*entry.key, *found, "xmin"] if exists else []


def _comment(text: str) -> str:
    return " ".join(text.split())
