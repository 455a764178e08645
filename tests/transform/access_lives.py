"""A client whose users, employees and groups go through what people go through, over three nights; and a clean one."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

import yaml
from driftline import staff_list, transform, transform_register
from driftline.settings import Settings

from tests.conftest import REPOSITORY
from tests.transform.world import MODELS, World, at

NIGHTS = {1: at("2026-11-03 02:00"), 2: at("2026-11-04 02:00"), 3: at("2026-11-05 02:00")}
MADE = at("2024-03-01 09:00")
LOGGED_IN = at("2026-11-02 08:00")
USER, SYSTEM, PORTAL, BILLING, TWICE, AGAIN = 1, 4, 10, 40, 50, 51
RARE, COMMON = {8: (61, 62, 63), 12: (71, 72, 73)}, 60
CROWD = range(1000, 1300)
CLEAN, CASES, NEW, LISTED = "clean", "cases", "nineteen", "listed"
STAFF_LIST = """person,login,manager,department,job,company,left_on
boss,user2,,Office,Head,Company 1,
3,user3,boss,Office,Clerk,Company 1,
4,user4,boss,Office,Clerk,,2026-10-20
5,user5,gone,Stock,Clerk,,
gone,,boss,Stock,Head,,2026-10-31
7,user7,,Stock,Clerk,,
"""

# By user: its employees as id, manager, has left. Employees 1 to 3 belong to different people than users 1 to 3.
EMPLOYEES: dict[int, list[tuple[int, int | None, bool]]] = {
    2: [(1, None, False)],
    3: [(2, 1, True), (3, 1, False)],
    4: [(4, 1, True), (5, 1, True)],
    5: [(6, 1, False)],
    7: [(7, 1, False)],
    **{user: [(user, 1, False)] for user in range(8, 16)},
    16: [(16, 1, True)],
    19: [(19, 4, False)],
    20: [(20, None, False)],
    21: [(21, 1, False)],
    23: [(23, 1, False)],
    24: [(24, 1, False)],
    27: [(27, 1, False)],
    28: [(28, 1, True)],
}
USERS = range(1, 29)
ARCHIVED, PORTAL_USERS, SERVICE, READER, FREE, NO_LONGER_FREE = 16, (17,), 18, 22, 25, 26
NEVER_LOGGED_IN, STALE = (7, 18, 22), 21
# Two sessions of one browser are one device; of user 9 one was revoked, one more was active later.
DEVICES = (
    (8, "linux", "firefox", False, at("2026-10-02 08:00")), (8, "linux", "firefox", None, at("2026-11-01 08:00")),
    (8, "android", "chrome", False, at("2026-10-20 08:00")), (9, "linux", "firefox", True, at("2026-11-01 08:00")),
    (9, "macos", "safari", False, at("2026-11-09 08:00")),
)  # fmt: skip
ROLES = (
    (8, None, None), (9, date(2026, 11, 5), date(2026, 11, 5)), (10, date(2026, 11, 6), None),
    (11, None, date(2026, 11, 4)),
)  # fmt: skip
# What cannot be read in a night is not judged in it.
KEYS_HIDDEN = (2,)
# The portal user holds the internal user's group, so it is asked too. Not asked: who is archived, service accounts, the
# account that the nights read with.
NO_FACTOR = (11, ARCHIVED, *PORTAL_USERS, SERVICE, READER)


def policies(folder: Path) -> Path:
    """The project's own policies, with what they need to know of these clients."""
    copied = Path(shutil.copytree(REPOSITORY / "config" / "policies", folder / "policies"))
    text = (copied / "access.yml").read_text()
    free = [
        {"client": CASES, "user": f"user{user}", "rule": "no_employee", "until": until}
        | {"owner": "Ann", "reason": "Auditor"}
        for user, until in ((FREE, date(2026, 12, 1)), (NO_LONGER_FREE, date(2026, 11, 1)))
    ]  # fmt: skip
    for right, wrong in (
        ("named: {}", "named: {clean: [user2], cases: [user2]}"),
        ("service_accounts: {}", f"service_accounts: {{cases: [user{SERVICE}]}}"),
        ("mfa_at_idp: []", "mfa_at_idp: [clean]"),
        ("exemptions: []", yaml.safe_dump({"exemptions": free})),
    ):
        assert right in text
        text = text.replace(right, wrong)
    (copied / "access.yml").write_text(text)
    return copied


def settings_of(world: World, folder: Path, client_ids: list[str]) -> Settings:
    entry = {"name": "Test", "transport": "postgres", "timezone": "UTC", "tickets": {"source": "helpdesk"}}
    (folder / "clients.yml").write_text(yaml.safe_dump({"clients": dict.fromkeys(client_ids, entry)}))
    return replace(world.settings, clients_file=folder / "clients.yml", policies_from=policies(folder))


def build(settings: Settings, number: int) -> None:
    """Build the access marts of one night, tests of the data included in the last."""
    registered = transform_register.register(
        settings, night_id=f"night {number}", as_of_at=None, quarter=None, now=NIGHTS[number] + timedelta(hours=3)
    )
    command = ["build", "--select", "+path:models/marts/access", "--indirect-selection", "cautious"]
    # One night's tests of the data are enough.
    command += [] if number == max(NIGHTS) else ["--exclude-resource-type", "test"]
    result = transform.run_dbt(
        settings, [*command, "--exclude-resource-type", "unit_test"], variables=registered.variables
    )
    assert result.exception is None
    failed = [f"{item.node.name}: {item.message}" for item in result.result.results if item.status in ("error", "fail")]
    assert result.success, "\n".join(failed)
    transform_register.finish(settings, registered.build_id, error_message=None)


def live(world: World, client_ids: list[str], once_built: Callable[[int], None]) -> None:
    """Read all clients in each night, with what changed before it, and build."""
    for number, moment in NIGHTS.items():
        for change in {2: _before_two, 3: _before_three}.get(number, lambda _: ())(moment):
            world.rows(*change)
        world.night(f"night {number}", moment, client_ids)
        for client_id in client_ids:
            absent = ("hr.employee",) if client_id == LISTED else ()
            shown = (
                (*MODELS, "driftline.second.factor", "res.users.apikeys", "res.device.log")
                if client_id == CASES
                else MODELS
            )
            proofs = {model: (10, 10, "absent" if model in absent else "complete") for model in shown}
            if client_id == CASES and number in KEYS_HIDDEN:
                proofs["res.users.apikeys"] = (0, 10, "hidden")
            world.read(f"night {number}", client_id, read_at=moment, absent=absent, counts=proofs)
        world.rows(
            "update ops.client_run set reader_user_id = %s where client_id = %s", READER, CASES
        )  # fmt: skip
        once_built(number)


def plant_clean(world: World) -> None:
    """Two people, each with an employee, who log in and hold what they work with."""
    read_at = NIGHTS[1]
    _basics(world, CLEAN, read_at)
    users = [
        {"id": user, "login": f"user{user}", "active": True, "share": False, "create_date": MADE} for user in (2, 3)
    ]
    world.raw(CLEAN, "res_users", users, read_at=read_at)
    world.raw(CLEAN, "res_users_log", [_login(user, LOGGED_IN) for user in (2, 3)], read_at=read_at)
    world.raw(CLEAN, "res_groups_users_rel", [{"uid": user, "gid": USER} for user in (2, 3)], read_at=read_at)
    employees = [_employee(1, None, False, user=2), _employee(2, 1, False, user=3)]
    world.raw(CLEAN, "hr_employee", employees, read_at=read_at)
    world.raw(CLEAN, "res_company_users_rel", [{"cid": 1, "user_id": user} for user in (2, 3)], read_at=read_at)


def plant_cases(world: World) -> None:
    read_at = NIGHTS[1]
    _basics(world, CASES, read_at)
    users = [
        {"id": user, "login": f"user{user}", "active": user not in (1, ARCHIVED), "share": user in PORTAL_USERS,
         "create_date": MADE, "write_date": at("2026-10-25 09:00")}
        for user in USERS
    ]  # fmt: skip
    world.raw(CASES, "res_users", users, read_at=read_at)
    logins = [
        _login(user, LOGGED_IN if user != STALE else at("2026-05-04 08:00"))
        for user in USERS if user not in (*NEVER_LOGGED_IN, 1)
    ]  # fmt: skip
    world.raw(CASES, "res_users_log", logins, read_at=read_at)
    members = [{"uid": user, "gid": USER} for user in USERS if user != 1]
    members += [{"uid": user, "gid": COMMON} for user in (8, 9, 10, 11, 12)]
    members += [{"uid": 23, "gid": group} for group in CROWD] + [{"uid": 24, "gid": TWICE}, {"uid": 17, "gid": PORTAL}]
    world.raw(CASES, "res_groups_users_rel", members, read_at=read_at)
    employees = [_employee(*one, user=user) for user, listed in EMPLOYEES.items() for one in listed]
    world.raw(CASES, "hr_employee", employees, read_at=read_at)
    entered = [{"cid": 1, "user_id": user} for user in USERS]
    entered += [{"cid": 2, "user_id": 13}, {"cid": 3, "user_id": 14}, {"cid": 2, "user_id": SERVICE}]
    world.raw(CASES, "res_company_users_rel", entered, read_at=read_at)
    keys = [
        {"id": 1, "user_id": 15, "create_date": at("2025-01-10 08:00"), "expiration_date": None},
        {
            "id": 2,
            "user_id": ARCHIVED,
            "create_date": at("2026-10-10 08:00"),
            "expiration_date": at("2027-10-10 08:00"),
        },
        {"id": 3, "user_id": 9, "create_date": at("2025-01-10 08:00"), "expiration_date": at("2025-04-10 08:00")},
    ]
    world.raw(CASES, "res_users_apikeys", keys, read_at=read_at)
    devices = [
        {"id": number, "user_id": user, "platform": platform, "browser": browser, "device_type": "computer",
         "revoked": revoked, "first_activity": at("2026-10-01 08:00"), "last_activity": last}
        for number, (user, platform, browser, revoked, last) in enumerate(DEVICES, start=1)
    ]  # fmt: skip
    world.raw(CASES, "res_device_log", devices, read_at=read_at)
    world.raw(CASES, "res_users_role", [{"id": 1, "group_id": BILLING}], read_at=read_at)
    roles = [
        {"id": number, "role_id": 1, "user_id": user, "date_from": first, "date_to": last, "create_date": MADE,
         "create_uid": 2}
        for number, (user, first, last) in enumerate(ROLES, start=1)
    ]  # fmt: skip
    world.raw(CASES, "res_users_role_line", roles, read_at=read_at)
    factors = [{"id": user, "has_second_factor": user not in NO_FACTOR} for user in USERS]
    world.raw(CASES, "driftline_second_factor", factors, read_at=read_at)


def plant_listed(world: World) -> None:
    """A client without employees in its Odoo; user 6 is on nobody's list, user 3 enters a company of others."""
    read_at, users = NIGHTS[1], range(2, 8)
    _basics(world, LISTED, read_at)
    rows = [{"id": user, "login": f"user{user}", "active": True, "share": False, "create_date": MADE} for user in users]
    world.raw(LISTED, "res_users", rows, read_at=read_at)
    world.raw(LISTED, "res_users_log", [_login(user, LOGGED_IN) for user in users], read_at=read_at)
    world.raw(LISTED, "res_groups_users_rel", [{"uid": user, "gid": USER} for user in users], read_at=read_at)
    entered = [{"cid": 1, "user_id": user} for user in users] + [{"cid": 2, "user_id": 3}]
    world.raw(LISTED, "res_company_users_rel", entered, read_at=read_at)


def hand_in_staff(settings: Settings, folder: Path, number: int) -> None:
    """Before the second night the list comes, before the third it is taken back."""
    if number == 2:
        (folder / "staff.csv").write_text(STAFF_LIST)
        staff_list.import_staff(
            settings, client_id=LISTED, path=folder / "staff.csv", by="Ann", now=NIGHTS[1] + timedelta(hours=8)
        )
    if number == 3:
        staff_list.withdraw_staff(settings, client_id=LISTED, by="Ann", now=NIGHTS[2] + timedelta(hours=8))


def plant_new(world: World) -> None:
    """On 19.0: one user, whose only group implies another from night two to night three."""
    read_at = NIGHTS[1]
    _basics(world, NEW, read_at, version="19.0.1.3")
    user = {"id": 2, "login": "user2", "active": True, "share": False, "create_date": MADE}
    world.raw(NEW, "res_users", [user], read_at=read_at)
    world.raw(NEW, "res_groups_users_rel", [{"uid": 2, "gid": COMMON}], read_at=read_at)


def _basics(world: World, client_id: str, read_at: datetime, *, version: str = "18.0.1.3") -> None:
    world.client(client_id, timezone="UTC", registered_at=read_at)
    world.basics(client_id, read_at=read_at, version=version)
    numbers = (USER, SYSTEM, PORTAL, BILLING, TWICE, COMMON, *RARE[8], *RARE[12], *CROWD)
    groups = [{"id": group, "name": f"Group {group}", "share": group == PORTAL} for group in numbers]
    world.raw(client_id, "res_groups", groups, read_at=read_at)
    names = {USER: "group_user", SYSTEM: "group_system", PORTAL: "group_portal"}
    ids = [
        {"id": group, "module": "base", "name": name, "model": "res.groups", "res_id": group}
        for group, name in names.items()
    ]  # fmt: skip
    world.raw(client_id, "ir_model_data", ids, read_at=read_at)
    world.raw(client_id, "ir_model", [{"id": 1, "model": "res.users"}], read_at=read_at)
    row = {"id": 1, "name": "row", "active": True, "model_id": 1, "group_id": USER, "perm_read": True}
    row |= {"perm_write": False, "perm_create": False, "perm_unlink": False}
    world.raw(client_id, "ir_model_access", [row], read_at=read_at)
    parents = {1: None, 2: None, 3: 1}
    companies = [{"id": one, "name": f"Company {one}", "parent_id": parent} for one, parent in parents.items()]
    world.raw(client_id, "res_company", companies, read_at=read_at)


def _employee(number: int, manager: int | None, has_left: bool, *, user: int) -> dict[str, object]:
    return {
        "id": number, "active": not has_left, "user_id": user, "parent_id": manager, "company_id": 1,
        "department_id": 1,
        "job_id": 1 if user in (8, 9, 10, 11, 12) else 2, "departure_date": date(2026, 10, 20) if has_left else None,
        "current_version_id": None,
    }  # fmt: skip


def _login(user: int, moment: datetime) -> dict[str, object]:
    return {"id": user, "create_uid": user, "create_date": moment}


Change = tuple[str, *tuple[object, ...]]


def _set(table: str, assignment: str, where: str, moment: datetime, *parameters: object) -> Change:
    query = f"update raw.{table} set {assignment}, _read_at = %s where client_id = '{CASES}' and {where}"
    return (query, moment, *parameters)


def _add(user: int, group: int, moment: datetime) -> Change:
    return (
        "insert into raw.res_groups_users_rel (client_id, uid, gid, _row_version, _read_at, _night_id)"
        f" values ('{CASES}', %s, %s, 3, %s, 'night')",
        user, group, moment,
    )  # fmt: skip


def _before_two(moment: datetime) -> Iterator[Change]:
    yield _set("hr_employee", "user_id = 6", "id = 6", moment)
    yield _set("res_users", "active = false", "id in (7, 28)", moment)
    yield from (_add(user, group, moment) for user in RARE for group in RARE[user])
    yield _set("res_company_users_rel", "_deleted_at = _read_at", "cid = 2 and user_id = 13", moment)
    # The group goes, and one of the same name comes.
    yield _set("res_groups", "_deleted_at = _read_at", f"id = {TWICE}", moment)
    yield _set("res_groups_users_rel", "_deleted_at = _read_at", f"gid = {TWICE}", moment)
    yield (
        "insert into raw.res_groups (client_id, id, name, _row_version, _read_at, _night_id)"
        f" values ('{CASES}', {AGAIN}, 'Group {TWICE}', 3, %s, 'night')", moment,
    )  # fmt: skip
    yield _add(24, AGAIN, moment)
    yield _set("hr_employee", "active = false", "id = 27", moment)
    yield _set("driftline_second_factor", "has_second_factor = false", "id = 12", moment)
    yield (
        "insert into raw.res_groups_implied_rel (client_id, gid, hid, _row_version, _read_at, _night_id)"
        f" values ('{NEW}', {COMMON}, {BILLING}, 3, %s, 'night')", moment,
    )  # fmt: skip


def _before_three(moment: datetime) -> Iterator[Change]:
    yield _set("res_users", "active = true", "id = 7", moment)
    yield _set("res_groups_users_rel", "_deleted_at = _read_at", f"uid = 12 and gid = {RARE[12][0]}", moment)
    yield (
        "update raw.res_groups_implied_rel set _deleted_at = %s, _read_at = %s where client_id = %s",
        moment, moment, NEW,
    )  # fmt: skip
    yield _set("driftline_second_factor", "has_second_factor = true", "id = 11", moment)
    yield _add(2, SYSTEM, moment)
    yield _add(3, SYSTEM, moment)
