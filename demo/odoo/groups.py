"""Odoo's own groups that the demo uses, and what they imply. Data, and the closure over it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from demo.odoo.schema import Schema


@dataclass(frozen=True)
class Group:
    """One group as a module declares it."""

    xml_id: str
    name: str
    implies: tuple[str, ...] = ()
    is_share: bool = False

    @property
    def application(self) -> str:
        """The module that declares it, which is also its place among the privileges."""
        return self.xml_id.split(".")[0]


_USER = ("base.group_user",)
GROUPS = (
    Group("base.group_user", "Internal User", ("base.group_no_one",)),
    Group("base.group_erp_manager", "Access Rights", _USER),
    Group("base.group_sanitize_override", "Bypass HTML Field Sanitize"),
    Group("base.group_system", "Settings", ("base.group_erp_manager", "base.group_sanitize_override")),
    Group("base.group_multi_company", "Multi Companies"),
    Group("base.group_no_one", "Technical Features"),
    Group("base.group_allow_export", "Access to export feature"),
    Group("base.group_partner_manager", "Contact Creation"),
    Group("base.group_portal", "Portal", is_share=True),
    Group("base.group_public", "Public", is_share=True),
    Group("sales_team.group_sale_salesman", "User: Own Documents Only", _USER),
    Group("sales_team.group_sale_salesman_all_leads", "User: All Documents", ("sales_team.group_sale_salesman",)),
    Group("sales_team.group_sale_manager", "Administrator", ("sales_team.group_sale_salesman_all_leads",)),
    Group("hr.group_hr_user", "Officer: Manage all employees", _USER),
    Group("hr.group_hr_manager", "Administrator", ("hr.group_hr_user",)),
    Group("helpdesk_mgmt.group_helpdesk_user_own", "User: Personal tickets", _USER),
    Group("helpdesk_mgmt.group_helpdesk_user_team", "User: Team tickets", ("helpdesk_mgmt.group_helpdesk_user_own",)),
    Group("helpdesk_mgmt.group_helpdesk_user", "User", ("helpdesk_mgmt.group_helpdesk_user_team",)),
    Group("helpdesk_mgmt.group_helpdesk_manager", "Helpdesk Manager", ("helpdesk_mgmt.group_helpdesk_user",)),
    Group("account.group_account_readonly", "Show Accounting Features - Readonly", _USER),
    Group("account.group_account_invoice", "Billing", _USER),
    Group("account.group_account_manager", "Billing Administrator", ("account.group_account_invoice",)),
    Group("project.group_project_user", "User", _USER),
    Group(
        "project.group_project_manager",
        "Administrator",
        ("project.group_project_user", "hr_timesheet.group_hr_timesheet_approver"),
    ),
    Group("stock.group_stock_user", "User", _USER),
    Group("stock.group_stock_manager", "Administrator", ("stock.group_stock_user",)),
    Group("hr_timesheet.group_hr_timesheet_user", "User: own timesheets only", _USER),
    Group(
        "hr_timesheet.group_hr_timesheet_approver", "User: all timesheets", ("hr_timesheet.group_hr_timesheet_user",)
    ),
    Group(
        "hr_timesheet.group_timesheet_manager",
        "Administrator",
        ("hr.group_hr_user", "hr_timesheet.group_hr_timesheet_approver"),
    ),
    Group("purchase.group_purchase_user", "User", _USER),
    Group("purchase.group_purchase_manager", "Administrator", ("purchase.group_purchase_user",)),
)
NAMES_FROM_19 = {
    "base.group_user": "Role / User",
    "base.group_system": "Role / Administrator",
    "base.group_portal": "Role / Portal",
    "base.group_public": "Role / Public",
    "account.group_account_invoice": "Invoicing",
    "account.group_account_manager": "Administrator",
}


def exists(group: Group, schema: Schema) -> bool:
    """Say whether the client has the module that declares the group."""
    return group.application != "helpdesk_mgmt" or schema.has("helpdesk_ticket")


def effective_groups(explicit: Iterable[str], known: Mapping[str, int]) -> set[str]:
    """Give the groups with all that they imply, as Odoo up to 18.0 stores them."""
    implies = {group.xml_id: group.implies for group in GROUPS}
    held: set[str] = set()
    waiting = [group for group in explicit if group in known]
    while waiting:
        group = waiting.pop()
        if group in known and group not in held:
            held.add(group)
            waiting.extend(implies[group])
    return held
