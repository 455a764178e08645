"""Two clients with the same sound master data; in one of them something is planted for every rule.

`EXPECTED` says by hand what each rule must find, as record id → the earlier record, where there is one.
"""

from __future__ import annotations

from datetime import timedelta

from tests.transform.world import World, at

FIRST, SECOND, THIRD = at("2026-10-06 02:00"), at("2026-10-07 02:00"), at("2026-10-08 02:00")
WRITTEN = at("2026-08-01 10:00")
PLANTED, SOUND = "aegean", "boreal"
STAMPS = {"create_date": WRITTEN - timedelta(days=100), "create_uid": 2, "write_date": WRITTEN, "write_uid": 2}

# Rows of every sound client, by table. Partners 1 … 5 are companies, 6 is a contact of 1 with its number and address.
BASE = {
    "res_country": [{"id": 1, "code": "DE"}, {"id": 2, "code": "GR"}, {"id": 3, "code": "US"}],
    "res_partner": [
        {"id": 1, "name": "Mother GmbH", "vat": "DE136695976", "country_id": 1, "street": "Weg 1", "zip": "10115"},
        {"id": 2, "name": "Αφοί Παπαδόπουλοι Α.Ε.", "vat": "094259216", "country_id": 2, "supplier_rank": 1},
        {"id": 3, "name": "Outside Inc.", "vat": "12-3456789", "country_id": 3, "street": "Weg 1", "zip": "10115"},
        {"id": 4, "name": "Branch", "vat": "DE136695976", "country_id": 1, "parent_id": 1, "commercial_partner_id": 4},
        {"id": 5, "name": "Other company's", "vat": "DE999999999", "country_id": 1, "company_id": 2, "active": False},
        {"id": 6, "name": "Anna", "is_company": False, "parent_id": 1, "commercial_partner_id": 1,
         "vat": "DE136695976", "email_hash": "sha256:info"},
        {"id": 7, "name": "Same house A", "street": "Kai 7", "zip": "20457", "country_id": 1, "company_id": 1},
        {"id": 8, "name": "Same house A", "street": "Kai 7", "zip": "20457", "country_id": 1, "company_id": 2},
    ],
    "res_partner_bank": [
        {"id": 1, "partner_id": 2, "sanitized_acc_number": "GR1601101050000010547023795"},
        {"id": 2, "partner_id": 1, "sanitized_acc_number": "0012345678"},
    ],
    "uom_uom": [
        {"id": 1, "name": "Units", "factor": 1, "category_id": 1, "uom_type": "reference"},
        {"id": 2, "name": "kg", "factor": 1, "category_id": 2, "uom_type": "reference"},
        {"id": 3, "name": "Dozens", "factor": 0.083, "category_id": 1, "uom_type": "bigger"},
    ],
    "product_template": [
        {"id": 1, "name": "Bolt", "uom_id": 1, "uom_po_id": 3, "list_price": 2.5, "sale_ok": True, "purchase_ok": True},
        {"id": 2, "name": "Given away", "uom_id": 1, "uom_po_id": 1, "list_price": 0, "sale_ok": False,
         "purchase_ok": True},
    ],
    "product_product": [
        {"id": 1, "product_tmpl_id": 1, "default_code": "B-1", "barcode": "4006381333931"},
        {"id": 2, "product_tmpl_id": 2, "default_code": "B-2", "barcode": None},
    ],
    "account_account": [
        {"id": 1, "code": "1000", "account_type": "asset_cash", "company_id": 1, "deprecated": False},
        {"id": 2, "code": "4000", "account_type": "income", "company_id": 1, "deprecated": False},
        {"id": 3, "code": "4000", "account_type": "income", "company_id": 2, "deprecated": False},
    ],
    "account_journal": [
        {"id": 1, "type": "bank", "default_account_id": 1, "active": True},
        {"id": 2, "type": "sale", "default_account_id": 2, "active": True},
    ],
    "account_tax": [
        {"id": 1, "name": "24%", "amount": 24, "amount_type": "percent", "type_tax_use": "sale", "company_id": 1},
        {"id": 2, "name": "24%", "amount": 24, "amount_type": "percent", "type_tax_use": "purchase", "company_id": 1},
    ],
    "hr_employee": [
        {"id": 1, "name": "Head", "user_id": 2, "department_id": 1, "job_id": 1, "parent_id": None},
        {"id": 2, "name": "Hand", "user_id": 3, "department_id": 1, "job_id": 1, "parent_id": 1},
    ],
    "res_currency": [{"id": 1, "name": "EUR"}, {"id": 2, "name": "USD"}],
    "res_users": [{"id": 2, "login": "admin"}],
}  # fmt: skip

# What is wrong with the other client, added to the rows above.
WRONG = {
    "res_partner": [
        {"id": 21, "name": "Twin of 2", "vat": "EL 094.259.216", "country_id": None},
        {"id": 22, "name": "First at one address", "email_hash": "sha256:twin", "country_id": 1},
        {"id": 23, "name": "Second at one address", "email_hash": "sha256:twin", "country_id": 1},
        {"id": 24, "name": "MÖTHER", "street": "Weg, 1", "zip": "10 115", "country_id": 1},
        {"id": 25, "name": "Mother G.m.b.H.", "street": "weg 1", "zip": "10115", "country_id": 1},
        {"id": 26, "name": "Customer", "customer_rank": 1, "country_id": 1, "city": "Kiel", "street": "Hof 2"},
        {"id": 27, "name": "Supplier", "supplier_rank": 1},
        {"id": 28, "name": "Wrong digits", "vat": "DE136695977", "country_id": 1},
        {"id": 29, "name": "Archived, but owed", "active": False, "country_id": 1},
        {"id": 30, "name": "Loop a", "parent_id": 31, "commercial_partner_id": 30, "country_id": 1},
        {"id": 31, "name": "Loop b", "parent_id": 30, "commercial_partner_id": 31, "country_id": 1},
        {"id": 32, "name": "Supplier unpaid", "supplier_rank": 1, "country_id": 1, "vat": "DE129273398",
         "has_email": True},
    ],
    "res_partner_bank": [
        {"id": 21, "partner_id": 1, "sanitized_acc_number": "GR1601101050000010547023796"},
        {"id": 22, "partner_id": 3, "sanitized_acc_number": "GR1601101050000010547023795"},
    ],
    "uom_uom": [
        {"id": 21, "name": "KG.", "factor": 1, "category_id": 2, "uom_type": "smaller"},
        {"id": 22, "name": "Naught", "factor": 0, "category_id": 1, "uom_type": "smaller"},
        {"id": 23, "name": "Piece", "factor": 1, "category_id": 1, "uom_type": "reference"},
    ],
    "product_template": [
        {"id": 21, "name": "Sugar", "uom_id": 2, "uom_po_id": 1, "list_price": 1, "sale_ok": True, "purchase_ok": True},
        {"id": 22, "name": "For nothing", "uom_id": 1, "uom_po_id": 1, "list_price": 0, "sale_ok": True,
         "purchase_ok": True},
    ],
    "product_product": [
        {"id": 21, "product_tmpl_id": 21, "default_code": " b-1", "barcode": None},
        {"id": 22, "product_tmpl_id": 22, "default_code": None, "barcode": "4006381333931"},
    ],
    "account_account": [
        {"id": 21, "code": "1000", "account_type": "asset_cash", "company_id": 1, "deprecated": False},
        {"id": 22, "code": "6000", "account_type": "expense", "company_id": 1, "deprecated": False},
        {"id": 23, "code": "1001", "account_type": "asset_cash", "company_id": 1, "deprecated": True},
    ],
    "account_journal": [
        {"id": 21, "type": "sale", "default_account_id": 22, "active": True},
        {"id": 22, "type": "cash", "default_account_id": 23, "active": True},
    ],
    "account_tax": [
        {"id": 21, "name": "24 %", "amount": 24, "amount_type": "percent", "type_tax_use": "sale", "company_id": 1},
        {"id": 22, "name": "240%", "amount": 240, "amount_type": "percent", "type_tax_use": "sale", "company_id": 1},
    ],
    "hr_employee": [
        {"id": 21, "name": "Twin", "user_id": 3, "department_id": 1, "job_id": 1, "parent_id": 22},
        {"id": 22, "name": "hánd", "user_id": None, "department_id": 1, "job_id": None, "parent_id": 21},
    ],
    "account_move": [
        {"id": 1, "move_type": "out_invoice", "state": "posted", "partner_id": 29, "commercial_partner_id": 29,
         "amount_residual": 120.5, "currency_id": 1, "invoice_date": "2026-10-02", "partner_bank_id": None},
        {"id": 2, "move_type": "out_refund", "state": "posted", "partner_id": 29, "commercial_partner_id": 29,
         "amount_residual": 20.5, "currency_id": 1, "invoice_date": "2026-07-02", "partner_bank_id": None},
        {"id": 3, "move_type": "out_invoice", "state": "posted", "partner_id": 29, "commercial_partner_id": 29,
         "amount_residual": 7, "currency_id": 2, "invoice_date": "2026-10-03", "partner_bank_id": None},
        {"id": 4, "move_type": "in_invoice", "state": "posted", "partner_id": 32, "commercial_partner_id": 32,
         "amount_residual": 300, "currency_id": 1, "invoice_date": "2026-10-04", "partner_bank_id": 21},
        {"id": 5, "move_type": "out_invoice", "state": "draft", "partner_id": 28, "commercial_partner_id": 28,
         "amount_residual": 999, "currency_id": 1, "invoice_date": "2026-10-04", "partner_bank_id": None},
    ],
    "sale_order": [
        {"id": 1, "state": "sale", "partner_id": 28, "currency_id": 2, "amount_total": 50,
         "date_order": at("2026-10-05 08:00")},
        {"id": 2, "state": "sale", "partner_id": 28, "currency_id": 2, "amount_total": 4000,
         "date_order": at("2026-09-05 08:00")},
    ],
}  # fmt: skip

EXPECTED: dict[str, dict[int, int | None]] = {
    "partner_same_vat": {21: 2}, "partner_same_email": {23: 22}, "partner_same_name": {24: 1, 25: 1},
    "customer_gap": {26: None}, "supplier_gap": {27: None}, "supplier_without_bank_account": {32: None},
    "partner_vat_invalid": {28: None}, "company_without_country": {21: None, 27: None},
    "partner_archived_in_use": {29: None}, "partner_parent_loop": {30: None, 31: None},
    "bank_iban_invalid": {21: None}, "bank_same_number": {22: 1},
    "variant_same_reference": {21: 1}, "variant_same_barcode": {22: 1}, "variant_gap": {22: None},
    "product_unit_mismatch": {21: None}, "product_price": {22: None},
    "unit_same_name": {21: 2}, "unit_factor": {22: None}, "unit_reference": {23: None},
    "account_same_code": {21: 1}, "account_wrong_type": {22: None}, "account_archived_in_use": {23: None},
    "tax_same": {21: 1}, "tax_rate": {22: None},
    "employee_same_user": {21: 2}, "employee_same_name": {22: 2}, "employee_gap": {22: None},
    "employee_manager_loop": {21: None, 22: None},
}  # fmt: skip

_PARTNER = {
    "active": True, "is_company": True, "type": "contact", "vat": None, "street": None, "zip": None, "city": None,
    "country_id": None, "company_id": None, "parent_id": None, "email_hash": None, "has_email": False,
    "customer_rank": 0, "supplier_rank": 0,
}  # fmt: skip


def complete(table: str, row: dict) -> dict:
    """Give a row with all that Odoo fills by itself."""
    if table == "res_partner":
        row = {**_PARTNER, "commercial_partner_id": row["id"], **row}
        # A sound supplier can be written to.
        row["has_email"] = row["has_email"] or row["name"].startswith("Αφοί")
    elif table in ("product_template", "product_product", "uom_uom", "account_tax", "hr_employee", "res_users"):
        row = {"active": True, **row}
    return row if table == "res_country" else {**row, **STAMPS}


def plant(world: World, *, read_at: object = FIRST) -> None:
    """Write both clients and their first night."""
    for client_id in (PLANTED, SOUND):
        world.client(client_id, registered_at=FIRST)
        world.basics(client_id, read_at=read_at)
        world.watch(client_id, ["res.currency"], night_id="night 1", read_at=FIRST)
        for table in {*BASE, *WRONG}:
            rows = BASE.get(table, []) + (WRONG.get(table, []) if client_id == PLANTED else [])
            world.raw(client_id, table, [complete(table, row) for row in rows], read_at=read_at)
    a_night(world, 1, FIRST)


def a_night(world: World, number: int, moment: object) -> None:
    world.night(f"night {number}", moment, [PLANTED, SOUND])
    for client_id in (PLANTED, SOUND):
        world.read(f"night {number}", client_id, read_at=moment)
