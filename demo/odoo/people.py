"""Companies, contacts, users, groups and memberships, employees, logins. Not here: what they work on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random

from demo.odoo.database import DemoError
from demo.odoo.groups import GROUPS, NAMES_FROM_19, effective_groups, exists
from demo.odoo.rows import Sink
from demo.odoo.texts import ODD_TEXTS
from demo.odoo.world import ADMIN_UID, Person, World, some_microseconds, stamps

ROLES: dict[str, tuple[str, ...]] = {
    "helpdesk": ("helpdesk_mgmt.group_helpdesk_user", "project.group_project_user"),
    "helpdesk.lead": ("helpdesk_mgmt.group_helpdesk_manager", "project.group_project_user"),
    "sales": ("sales_team.group_sale_salesman_all_leads",),
    "accounting": ("account.group_account_invoice",),
    "warehouse": ("stock.group_stock_user",),
    "purchasing": ("purchase.group_purchase_user", "base.group_partner_manager"),
    "projects": ("project.group_project_user", "hr_timesheet.group_hr_timesheet_user"),
    "sales.lead": ("sales_team.group_sale_manager", "base.group_allow_export"),
    "accounting.lead": ("account.group_account_manager", "base.group_allow_export"),
    "hr": ("hr.group_hr_user",),
}
ADMIN_GROUPS = (
    "base.group_system", "base.group_partner_manager", "base.group_allow_export", "sales_team.group_sale_manager",
    "hr.group_hr_manager", "helpdesk_mgmt.group_helpdesk_manager", "account.group_account_manager",
    "project.group_project_manager", "stock.group_stock_manager", "purchase.group_purchase_manager",
    "hr_timesheet.group_timesheet_manager",
)  # fmt: skip
DEPARTMENTS = ("Management", "Sales", "Finance", "Warehouse", "Purchasing", "Support")
DEPARTMENT_OF = {
    "admin": 1, "hr": 1, "projects": 1, "sales": 2, "sales.lead": 2, "accounting": 3, "accounting.lead": 3,
    "warehouse": 4, "purchasing": 5, "helpdesk": 6, "helpdesk.lead": 6,
}  # fmt: skip
WORKERS_WITHOUT_USER = 6


@dataclass(frozen=True)
class NewUser:
    """One user to be made."""

    login: str
    name: str
    role: str
    groups: tuple[str, ...]
    is_active: bool = True
    is_share: bool = False
    has_second_factor: bool = True


def add_people(world: World) -> None:
    """Make everybody, and the company they work for."""
    random = world.random("people")
    _add_company(world)
    _add_groups(world)
    for new in _planned_users(world):
        _add_planned_user(world, new, random)
    _refuse_unknown_logins(world)
    _add_customers(world, random)
    _add_departments_and_jobs(world)
    _add_employees(world, random)
    _add_logins(world, random)


def add_user(sink: Sink, new: NewUser, *, at: datetime, uid: int, written_at: datetime) -> tuple[int, int]:
    """Add a user and its contact, without memberships; return both ids."""
    stamp = stamps(at, uid=uid, written_at=written_at)
    partner_id = add_partner(sink, new.name, email=new.login, at=at, uid=uid, is_active=new.is_active)
    user_id = sink.add(
        "res_users",
        {"login": new.login, "active": new.is_active, "share": new.is_share, "partner_id": partner_id, "company_id": 1}
        | {"password": f"CANARY-password-{new.login}", "signature": f"<p>{new.name}</p>", **stamp}
        | {"notification_type": "inbox" if new.login == "__system__" else "email"},
        where_present={
            "totp_secret": f"CANARY-totp-{new.login}" if new.has_second_factor else None,
            "odoobot_state": "disabled",
        },
    )
    sink.add("res_company_users_rel", {"cid": 1, "user_id": user_id})
    return user_id, partner_id


def add_partner(
    sink: Sink, name: str, *, email: str, at: datetime, uid: int, is_active: bool = True, parent_id: int | None = None
) -> int:
    """Add a contact; one without parent belongs commercially to itself, which the caller sets."""
    return sink.add(
        "res_partner",
        {"name": name, "active": is_active, "is_company": False, "parent_id": parent_id, "type": "contact"}
        | {"email": email, "partner_share": True, **stamps(at, uid=uid)},
        where_present={
            "display_name": name,
            "commercial_partner_id": parent_id,
            "lang": "en_US",
            "signup_token": f"CANARY-signup-{email}",
        },
    )


def _add_company(world: World) -> None:
    at = world.installed_at
    add_partner(world.rows, world.client.name, email=f"info@{world.domain}", at=at, uid=1)
    world.rows.row("res_partner", 1).update(is_company=True, commercial_partner_id=1, country_id=1)
    values = {"name": world.client.name, "partner_id": 1, "currency_id": 1, "sequence": 0, **stamps(at)}
    world.rows.add("res_company", values, where_present={"active": True})


def _add_groups(world: World) -> None:
    known = [group for group in GROUPS if exists(group, world.schema)]
    for number, group in enumerate(known, start=1):
        world.groups[group.xml_id] = number
    for group in known:
        category = 1 + sorted({other.application for other in known}).index(group.application)
        name = NAMES_FROM_19.get(group.xml_id, group.name) if world.schema.major >= 19 else group.name
        group_id = world.rows.add(
            "res_groups",
            {"name": name, "share": group.is_share, **stamps(world.installed_at)},
            where_present={"category_id": category, "privilege_id": category},
        )
        world.add_external_id(group.xml_id, "res.groups", group_id, at=world.installed_at, is_noupdate=True)
        for implied in group.implies:
            if implied in world.groups:
                world.rows.add("res_groups_implied_rel", {"gid": group_id, "hid": world.groups[implied]})


def _planned_users(world: World) -> list[NewUser]:
    truth, domain = world.truth, world.domain
    users = [
        NewUser("__system__", "OdooBot", "root", ADMIN_GROUPS, is_active=False),
        NewUser("admin", "Administrator", "admin", ADMIN_GROUPS),
    ]
    if world.schema.major < 19:
        users.append(NewUser("default", "Default User Template", "template", (), is_active=False))
    users += [
        NewUser("public", "Public user", "template", ("base.group_public",), is_active=False, is_share=True),
        NewUser("portaltemplate", "Portal User Template", "template", ("base.group_portal",), False, True),
    ]
    roles = list(ROLES)
    counted_elsewhere = 1 if truth.reading_account is None else 2  # the administrator, and who reads over the network
    for index in range(truth.users.internal_active - counted_elsewhere):
        role, number = roles[index % len(roles)], index // len(roles) + 1
        login = f"{role}{number}@{domain}"
        extra = ("base.group_system",) if login in truth.administrators else ()
        users.append(NewUser(login, f"{role.replace('.', ' ').title()} {number}", role, ROLES[role] + extra))
    templates = 1 if world.schema.major < 19 else 0
    for number in range(1, truth.users.internal_archived - templates + 1):
        role = roles[number % len(roles)]
        users.append(NewUser(f"former{number}@{domain}", f"Former {number}", role, ROLES[role], is_active=False))
    for number in range(1, truth.users.share_active + truth.users.share_archived - 2 + 1):
        is_active = number <= truth.users.share_active
        login = f"portal{number}@customer{number}.example"
        users.append(NewUser(login, f"Portal {number}", "portal", ("base.group_portal",), is_active, True))
    if truth.reading_account is not None:
        users.append(NewUser(truth.reading_account, "Driftline", "reader", ("hr.group_hr_user",)))
    return users


def _add_planned_user(world: World, new: NewUser, random: Random) -> None:
    at = world.installed_at if new.role in ("root", "admin", "template", "reader") else _hired_at(world, random)
    is_former = not new.is_active and new.role not in ("root", "template")
    written_at = world.clock.days_ago(random.randint(20, 300)) if is_former else at + timedelta(days=1)
    if new.login in (world.truth.without_second_factor or ()):
        new = replace(new, has_second_factor=False)
    user_id, partner_id = add_user(world.rows, new, at=at, uid=1, written_at=written_at)
    world.rows.row("res_partner", partner_id)["commercial_partner_id"] = partner_id
    world.people.append(Person(user_id, partner_id, new.login, new.role, new.is_active))
    explicit = set(new.groups) if new.is_share else {"base.group_user", *new.groups}
    held = effective_groups(explicit, world.groups) if world.schema.major < 19 else explicit & set(world.groups)
    for group_id in sorted(world.groups[group] for group in held):
        world.rows.add("res_groups_users_rel", {"gid": group_id, "uid": user_id})


def _refuse_unknown_logins(world: World) -> None:
    truth, known = world.truth, {person.login for person in world.people}
    planted = (
        truth.administrators,
        truth.without_employee,
        truth.leavers_still_active,
        truth.without_second_factor or (),
    )
    for login in (login for logins in planted for login in logins):
        if login not in known:
            raise DemoError(f"demo/truth.yml: client '{world.client.client_id}': no user '{login}' is among its users.")


def _hired_at(world: World, random: Random) -> datetime:
    return world.clock.days_ago(random.randint(820, 1100), hour=9 + random.random() * 8) + some_microseconds(random)


def _add_customers(world: World, random: Random) -> None:
    for number in range(1, 13):
        at = _hired_at(world, random)
        company = add_partner(world.rows, f"Customer {number}", email=f"mail@customer{number}.example", at=at, uid=2)
        world.rows.row("res_partner", company).update(is_company=True, commercial_partner_id=company, country_id=number)
        for contact in (1, 2):
            index = (number - 1) * 2 + contact - 1
            name = ODD_TEXTS[index] if index < len(ODD_TEXTS) else f"Contact {number}.{contact}"
            email = f"contact{contact}@customer{number}.example"
            world.customers.append(add_partner(world.rows, name, email=email, at=at, uid=2, parent_id=company))


def _add_departments_and_jobs(world: World) -> None:
    for name in DEPARTMENTS:
        values = {"name": name, "active": True, "company_id": 1, "parent_id": None if name == "Management" else 1}
        stamp = stamps(world.installed_at)
        department_id = world.rows.add("hr_department", values | stamp, where_present={"complete_name": name})
        job = {"name": f"{name} staff", "active": True, "company_id": 1, "department_id": department_id}
        world.rows.add("hr_job", job | stamp)


def _add_employees(world: World, random: Random) -> None:
    truth = world.truth
    for person in world.people:
        if person.role in ("root", "template", "portal") or person.login in truth.without_employee:
            continue
        has_left = not person.is_active or person.login in truth.leavers_still_active
        name = str(world.rows.row("res_partner", person.partner_id)["name"])
        _add_employee(world, random, name=name, person=person, role=person.role, has_left=has_left)
    for number in range(1, WORKERS_WITHOUT_USER + 1):
        _add_employee(world, random, name=f"Worker {number}", person=None, role="warehouse", has_left=number == 1)


def _add_employee(world: World, random: Random, *, name: str, person: Person | None, role: str, has_left: bool) -> None:
    hired_at = _hired_at(world, random)
    left_on = world.clock.today - timedelta(days=random.randint(20, 300)) if has_left else None
    written_at = world.clock.at(left_on, 17) if left_on else hired_at
    number = world.rows.count("hr_employee") + 1
    department_id, job_id = DEPARTMENT_OF[role], DEPARTMENT_OF[role]
    stamp = stamps(hired_at, uid=ADMIN_UID, written_at=written_at)
    employee_id = world.rows.add(
        "hr_employee",
        {"name": name, "active": not has_left, "user_id": person.user_id if person else None, "company_id": 1}
        | {"resource_id": number, "parent_id": None if number == 1 else 1, "pin": f"CANARY-pin-{number}", **stamp},
        where_present={
            "department_id": department_id,
            "job_id": job_id,
            "departure_date": left_on,
            "identification_id": f"CANARY-identification-{number}",
        },
    )
    if world.schema.has("hr_version"):
        # Every third has moved once: two versions of the same employee, the later one current.
        moved_on = world.clock.today - timedelta(days=200 + number)
        dated = (
            [(hired_at.date(), 1), (moved_on, department_id)] if number % 3 == 0 else [(hired_at.date(), department_id)]
        )
        for index, (date_version, department) in enumerate(dated, start=1):
            is_last = index == len(dated)
            version_id = world.rows.add(
                "hr_version",
                {
                    "employee_id": employee_id,
                    "date_version": date_version,
                    "department_id": department,
                    "job_id": job_id,
                }
                | {"departure_date": left_on if is_last else None, "active": True, "last_modified_date": written_at}
                | {"identification_id": f"CANARY-identification-{number}", **stamp},
            )
            world.rows.row("hr_employee", employee_id)["current_version_id"] = version_id


def _add_logins(world: World, random: Random) -> None:
    for person in world.people:
        if person.role in ("root", "template", "reader"):
            continue
        # One in nine never logged in, leavers stopped some time ago; Odoo keeps little more than the last login.
        if random.random() < 0.11 and person.login != "admin":
            continue
        days = random.randint(0, 20) if person.is_active else random.randint(60, 400)
        for _ in range(random.choice((1, 1, 2))):
            at = world.clock.days_ago(days, hour=8 + random.random() * 4) + some_microseconds(random)
            world.rows.add("res_users_log", stamps(min(at, world.clock.now), uid=person.user_id))
