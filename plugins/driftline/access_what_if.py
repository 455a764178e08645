"""What one more group would bring to somebody, from the tables of the last build. Nothing is written, here or in Odoo.

What people can do now, and who is in conflict, the build itself says (`access.capability`, `access.sod_conflict`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from driftline.errors import ConfigError
from driftline.registry import load_registry
from driftline.warehouse import Role, connect

if TYPE_CHECKING:
    from psycopg2.extensions import cursor as Cursor

    from driftline.settings import Settings


@dataclass(frozen=True)
class NewCapability:
    """A capability that the change brings, and the groups through which."""

    capability: str
    title: str
    groups: tuple[str, ...]


@dataclass(frozen=True)
class NewConflict:
    """A rule of segregation of duties that the change breaks, and what stands on each of its sides then."""

    rule: str
    title: str
    severity: str
    sides: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class WhatIf:
    """What one more group would bring to one user, as of the last build; `groups` are those that come along."""

    client_id: str
    odoo_user_id: int
    login: str
    is_active: bool
    is_superuser: bool
    group: str
    groups: tuple[str, ...]
    capabilities: tuple[NewCapability, ...]
    conflicts: tuple[NewConflict, ...]
    as_of_at: datetime


def what_if(settings: Settings, *, client_id: str, user: str, group: str) -> WhatIf:
    """Say which capabilities and conflicts a group would bring to a user.

    `user` is a login or an id, `group` an external id, an id or a name. Raises ConfigError for one that is not there or
    not the only one of its name, or where nothing was built yet.
    """
    load_registry(settings.clients_file).client(client_id)
    with connect(settings, role=Role.TRANSFORMER) as connection, connection.cursor() as cursor:
        cursor.execute("select to_regclass('access.rule') is not null")
        if not (cursor.fetchone() or (False,))[0]:
            raise ConfigError("access what-if: nothing was built yet.", hint="Run a night first.")
        person = _find_user(cursor, client_id, user)
        group_id, group_name = _find_group(cursor, client_id, group)
        keys = {"client": client_id, "user": person["odoo_user_id"], "group": group_id}
        cursor.execute(_GROUPS, keys)
        coming = tuple(name for (name,) in cursor.fetchall())
        cursor.execute(_CAPABILITIES, keys)
        capabilities = tuple(NewCapability(name, title, tuple(through)) for name, title, through in cursor.fetchall())
        cursor.execute(_CONFLICTS, keys)
        conflicts = tuple(
            NewConflict(rule, title, severity, tuple(tuple(side) for side in sides))
            for rule, title, severity, sides in cursor.fetchall()
        )
    return WhatIf(
        client_id=client_id, **person, is_superuser=person["odoo_user_id"] == 1, group=group_name, groups=coming,
        capabilities=capabilities, conflicts=conflicts,
    )  # fmt: skip


def _find_user(cursor: Cursor, client_id: str, user: str) -> dict[str, Any]:
    cursor.execute(
        "select odoo_user_id, login, is_active, as_of_at from access.user"
        " where client_id = %s and (login = %s or odoo_user_id::text = %s) order by login = %s desc limit 1",
        (client_id, user, user, user),
    )
    row = cursor.fetchone()
    if row is None:
        raise ConfigError(f"access what-if: client '{client_id}' has no user '{user}' in the last build.")
    return dict(zip(("odoo_user_id", "login", "is_active", "as_of_at"), row, strict=True))


def _find_group(cursor: Cursor, client_id: str, group: str) -> tuple[int, str]:
    cursor.execute(
        "select odoo_group_id, group_name, external_ids from staging.int_access__group where client_id = %s"
        " and (%s = any (external_ids) or odoo_group_id::text = %s or group_name = %s) order by odoo_group_id",
        (client_id, group, group, group),
    )
    found = cursor.fetchall()
    exact = [row for row in found if group in row[2] or group == str(row[0])] or found
    if not exact:
        raise ConfigError(f"access what-if: client '{client_id}' has no group '{group}' in the last build.")
    if len(exact) > 1:
        known = ", ".join(f"{row[0]} ({(row[2] or ['made by hand'])[0]})" for row in exact)
        raise ConfigError(
            f"access what-if: client '{client_id}' has {len(exact)} groups '{group}'.", hint=f"Ids: {known}."
        )
    return exact[0][0], exact[0][1]


_AFTER = """
with now_held as (
  select held.odoo_group_id
  from staging.int_access__user_set as holder
  join staging.int_access__set_group as held
    on held.client_id = holder.client_id and held.group_set_id = holder.group_set_id and held.is_held
  where holder.client_id = %(client)s and holder.odoo_user_id = %(user)s
),
-- Odoo gives what a group implies with it, stored or not.
coming as (
  select %(group)s::bigint as odoo_group_id
  union
  select implied_odoo_group_id from staging.int_access__group_path
  where client_id = %(client)s and odoo_group_id = %(group)s
),
gained as (
  select odoo_group_id from coming except select odoo_group_id from now_held
),
then_held as (
  select odoo_group_id from now_held union select odoo_group_id from gained
),
now_can as (
  select given.capability
  from staging.int_access__user_set as holder
  join staging.int_access__set_capability as given
    on given.client_id = holder.client_id and given.group_set_id = holder.group_set_id
  where holder.client_id = %(client)s and holder.odoo_user_id = %(user)s
),
opened as (
  select need.capability, need.way_number, array_agg(distinct need.odoo_group_id) as group_ids
  from staging.int_access__capability_need as need
  join then_held using (odoo_group_id)
  where need.client_id = %(client)s
  group by need.capability, need.way_number
  having count(distinct need.need_number) = min(need.need_count)
),
then_can as (
  select capability, array_agg(distinct group_id order by group_id) as group_ids
  from opened cross join lateral unnest(group_ids) as through (group_id)
  group by capability
),
named as (
  select odoo_group_id, group_name from staging.int_access__group where client_id = %(client)s
)
"""

_GROUPS = _AFTER + "select group_name from gained join named using (odoo_group_id) order by group_name, odoo_group_id"

_CAPABILITIES = (
    _AFTER
    + """
select then_can.capability, declared.title,
  array(
    select coalesce(named.group_name, '(everybody)')
    from unnest(then_can.group_ids) as through (odoo_group_id)
    left join named using (odoo_group_id)
    where through.odoo_group_id in (select odoo_group_id from gained)
    order by through.odoo_group_id
  )
from then_can
join (
  select substr(setting, length('capability.') + 1) as capability, value ->> 'title' as title
  from ops.policy_setting
  where setting like 'capability.%%'
    and build_id = (select build_id from ops.build where state = 'succeeded' order by started_at desc limit 1)
) as declared using (capability)
where then_can.capability not in (select capability from now_can)
order by then_can.capability
"""
)

_CONFLICTS = (
    _AFTER
    + """
, broken as (
  select side.rule, side.side_number, min(side.side_count) as side_count,
    array_agg(side.capability order by side.capability) as capabilities,
    count(*) filter (where side.capability in (select capability from now_can)) > 0 as was_there
  from staging.int_access__sod_side as side
  join then_can using (capability)
  group by side.rule, side.side_number
)
select broken.rule, rules.title, rules.severity, json_agg(broken.capabilities order by broken.side_number)
from broken
join access.rule as rules
  on rules.client_id = %(client)s and rules.policy = 'sod.yml' and rules.rule = broken.rule and rules.is_judged
group by broken.rule, rules.title, rules.severity
having count(*) = min(broken.side_count) and not bool_and(broken.was_there)
order by broken.rule
"""
)
