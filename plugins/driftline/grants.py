"""The least rights a reading role needs on a client's database, as a SQL script its administrator can read and run."""

from __future__ import annotations

import re

from driftline.catalogue import Catalogue, Entry, OdooVersion
from driftline.errors import ConfigError
from driftline.registry import Client

_HEAD = """\
-- Least rights for Driftline to read {name} ({client_id}):
-- SELECT on exactly the columns that the catalogue reads, and on xmin, the row version.
-- Run it in the Odoo database as its owner, and again after an Odoo upgrade; it may be run repeatedly.
-- Give the role a password afterwards: \\password {role}
do $driftline$
begin
  if not exists (select from pg_roles where rolname = '{role}') then
    create role {role} login;
  end if;
end $driftline$;
alter role {role} set default_transaction_read_only = on;
grant usage on schema public to {role};
do $driftline$
declare wanted record; columns text;
begin
  for wanted in select * from (values
{tables}
  ) as t (name, columns)
  loop
    select string_agg(quote_ident(attname), ', ') into columns from pg_attribute
      where attrelid = to_regclass('public.' || quote_ident(wanted.name)) and attname = any(wanted.columns)
        and not attisdropped;
    if columns is not null then  -- tables of modules that are not installed are left out
      execute format('revoke all on public.%I from {role}', wanted.name);
      execute format('grant select (%s) on public.%I to {role}', columns, wanted.name);
    end if;
  end loop;
end $driftline$;
"""


def grant_script(client: Client, catalogue: Catalogue, *, role: str = "driftline_reader") -> str:
    """Write the script; without a pinned version it names the columns of all versions and skips what is absent.

    Raises ConfigError when the role is not a plain SQL identifier.
    """
    if not re.fullmatch(r"[a-z_][a-z0-9_]{0,62}", role):
        raise ConfigError(f"'{role}' is not a plain role name (lower-case letters, digits and _).")
    versions = [client.version] if client.version else [OdooVersion(major) for major in range(14, 21)]
    lines = []
    for entry in catalogue:
        columns = _columns(entry, versions)
        if columns:
            lines.append(f"    ('{entry.table}', array[{', '.join(repr(column) for column in columns)}])")
    return _HEAD.format(name=_comment(client.name), client_id=client.client_id, role=role, tables=",\n".join(lines))


def _columns(entry: Entry, versions: list[OdooVersion]) -> list[str]:
    found = {
        column.source: None for version in versions if entry.exists_in(version) for column in entry.columns_for(version)
    }
    exists = any(entry.exists_in(version) for version in versions)
    return [*entry.key, *found, "xmin"] if exists else []


def _comment(text: str) -> str:
    return " ".join(text.split())
