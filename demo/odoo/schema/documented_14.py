"""What Odoo 14.0 had differently from 16.0, table by table, from public documentation. Data only.

No 14.0 server was at hand. Sources: OpenUpgrade's published upgrade analyses 14.0 → 15.0 and 15.0 → 16.0 (modules base,
mail, hr, project, hr_timesheet), and Odoo 14.0's public code. Columns of the sales, stock and accounting modules are
left out where the analyses were not read. Of tables that were not compared as a whole, only the columns are there that
the catalogue reads or forbids, or that may not be empty.
"""

from __future__ import annotations

from typing import Any

SOURCE = (
    "from documentation: 16.0 as observed, less what the public upgrade analyses of 15.0 and 16.0 report as new; "
    "most module versions are stand-ins"
)

_INTEGER = ["integer", "integer", None]
_CHAR = ["character varying", "char", None]
_TEXT = ["text", "text", None]
_BOOLEAN = ["boolean", "boolean", None]


def _many2one(model: str) -> list[Any]:
    return ["integer", "many2one", model]


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


_STAMPS = "id create_uid create_date write_uid write_date"

# Tables whose columns were compared as a whole.
COMPARED = _names(
    "account_analytic_line hr_department hr_employee ir_config_parameter ir_cron ir_model ir_model_data "
    "ir_model_fields ir_module_module ir_ui_view mail_message mail_tracking_value project_project project_task "
    "project_task_type res_company res_groups res_partner res_users res_users_log"
)
TABLES_ABSENT = _names("spreadsheet_dashboard project_task_user_rel")

# Tables that many modules extend: only the columns known to be there.
KEPT: dict[str, frozenset[str]] = {
    "account_analytic_line": _names(
        f"{_STAMPS} name date amount unit_amount product_uom_id account_id partner_id user_id company_id currency_id "
        "task_id project_id employee_id department_id"
    ),
    "res_company": _names(
        f"{_STAMPS} name sequence parent_id report_header report_footer logo_web currency_id partner_id email phone "
        "font primary_color secondary_color external_report_layout_id paperformat_id base_onboarding_company_state "
        "fiscalyear_last_day fiscalyear_last_month fiscalyear_lock_date tax_lock_date period_lock_date "
        "account_fiscal_country_id account_sale_tax_id account_purchase_tax_id anglo_saxon_accounting "
        "po_double_validation po_double_validation_amount po_lock "
        "nomenclature_id partner_gid resource_calendar_id hr_presence_control_email_amount hr_presence_control_ip_list "
        "project_time_mode_id timesheet_encode_uom_id"
    ),
    "res_partner": _names(
        f"{_STAMPS} name company_id display_name date title parent_id ref lang tz user_id vat website comment active "
        "employee function type street street2 zip city state_id country_id partner_latitude partner_longitude email "
        "phone mobile is_company industry_id color partner_share commercial_partner_id commercial_company_name "
        "company_name email_normalized message_main_attachment_id message_bounce signup_token signup_type "
        "signup_expiration phone_sanitized partner_gid additional_info calendar_last_notif_ack "
        "customer_rank supplier_rank"
    ),
}

# Column → its definition in 14.0, or None where 14.0 has no such column.
CHANGES: dict[str, dict[str, list[Any] | None]] = {
    "account_account": {"user_type_id": _many2one("account.account.type")},
    "account_analytic_line": {
        "group_id": _many2one("account.analytic.group"),
        "move_id": _many2one("account.move.line"),
    },
    "hr_department": {"master_department_id": None, "parent_path": None},
    "hr_employee": {
        "departure_reason_id": None,
        "departure_reason": ["character varying", "selection", None],
        "departure_description": _TEXT,
        "employee_type": None,
        "hourly_cost": None,
        "timesheet_cost": ["numeric", "monetary", None],
        "work_contact_id": None,
        "work_location_id": None,
        "work_location": _CHAR,
        "work_permit_expiration_date": None,
        "work_permit_scheduled_activity": None,
    },
    "mail_message": {
        "author_guest_id": None,
        "email_add_signature": None,
        "add_sign": _BOOLEAN,
        "reply_to_force_new": None,
        "no_auto_thread": _BOOLEAN,
        "moderation_status": ["character varying", "selection", None],
        "moderator_id": _many2one("res.users"),
    },
    "mail_tracking_value": {"currency_id": None},
    "project_project": {
        "allocated_hours": None,
        "allow_billable": None,
        "allow_milestones": None,
        "allow_task_dependencies": None,
        "last_update_id": None,
        "last_update_status": None,
        "sale_line_id": None,
        "stage_id": None,
        "subtask_project_id": _many2one("project.project"),
        "task_properties_definition": None,
        "timesheet_product_id": None,
    },
    "project_task": {
        "analytic_account_id": None,
        "ancestor_id": None,
        "display_project_id": None,
        "is_analytic_account_id_changed": None,
        "is_blocked": None,
        "is_closed": None,
        "milestone_id": None,
        "sale_line_id": None,
        "sale_order_id": None,
        "task_properties": None,
        "user_id": _many2one("res.users"),
    },
    "project_task_type": {"is_closed": _BOOLEAN, "sms_template_id": None, "user_id": None},
    "res_company": {"company_registry": _CHAR, "report_header": _TEXT, "report_footer": _TEXT},
    "res_partner": {"comment": _TEXT, "credit_limit": ["double precision", "float", None]},
    "res_users": {
        "sale_team_id": None,
        "target_sales_done": None,
        "target_sales_invoiced": None,
        "target_sales_won": None,
    },
    "ir_module_module": {"web": None},
}

MODULES_ABSENT = _names(
    "account_edi_ubl_cii account_payment account_payment_invoice_online_payment_patch account_sequence auth_totp_mail "
    "barcodes_gs1_nomenclature base_install_request google_gmail helpdesk_mgmt hr_hourly_cost privacy_lookup "
    "project_sms purchase_price_diff sale_project_stock web_unsplash"
)
MODULE_VERSIONS = {
    "base": "14.0.1.3",
    "mail": "14.0.1.0",
    "project": "14.0.1.1",
    "hr": "14.0.1.1",
    "account": "14.0.1.1",
    "stock": "14.0.1.1",
    "purchase": "14.0.1.2",
    "sale": "14.0.1.1",
    "crm": "14.0.1.2",
}
