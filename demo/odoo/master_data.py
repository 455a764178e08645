"""Suppliers, bank accounts, units, products, accounts, taxes and an unpaid bill: sound ones, and what is planted.

What is planted stands under `master_data` in `demo/truth.yml`: by rule, the names of records it must find. Odoo's own
set-up makes all of it, long before the tickets begin. Not here: customers and employees (`people`).
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from demo.odoo.people import add_partner
from demo.odoo.world import ROOT_UID, World, stamps

GERMANY, FRANCE = 6, 7  # places in basics._COUNTRIES
UNITS, WEIGHT = 1, 2
CASH, INCOME, EXPENSE = 1, 2, 3


def add_master_data(world: World) -> None:
    """Make the sound records, then those of the client's entry; people must be there."""
    first, second = (
        _add_supplier(world, "Nordhafen Papier GmbH", vat="DE136695976"),
        _add_supplier(world, "Atelier Lune"),
    )
    world.rows.row("res_partner", second).update(country_id=FRANCE, vat="FR40303265045")
    _add_bank_account(world, first, "DE89370400440532013000")
    _add_bank_account(world, second, "FR1420041010050500013M02606")
    _add_unit(world, "Units", UNITS, "reference")
    _add_unit(world, "kg", WEIGHT, "reference")
    _add_product(world, "Paper", reference="P-100", barcode="4006381333931")
    for name, code, kind in (
        ("Bank", "1000", "asset_cash"),
        ("Sales", "4000", "income"),
        ("Purchases", "6000", "expense"),
    ):
        _add_account(world, name, code, kind)
    for name, kind, account in (("Bank", "bank", CASH), ("Invoices", "sale", INCOME), ("Bills", "purchase", EXPENSE)):
        _add_journal(world, name, kind, account)
    _add_tax(world, "20%", 20)
    for rule, names in world.truth.master_data.items():
        for name in names:
            _WRONG[rule](world, name)


def _stamps(world: World) -> dict[str, object]:
    return stamps(world.installed_at + timedelta(hours=1), uid=ROOT_UID)


def _add_supplier(world: World, name: str, *, vat: str | None = None, **changes: object) -> int:
    email = f"office@{name.split()[0].lower()}.example"
    partner_id = add_partner(world.rows, name, email=email, at=world.installed_at + timedelta(hours=1), uid=ROOT_UID)
    partner = {"is_company": True, "commercial_partner_id": partner_id, "country_id": GERMANY, "vat": vat}
    world.rows.row("res_partner", partner_id).update({**partner, "supplier_rank": 1, **changes})
    return partner_id


def _add_bank_account(world: World, partner_id: int, number: str) -> None:
    values = {"partner_id": partner_id, "acc_number": number, "sanitized_acc_number": number, **_stamps(world)}
    world.rows.add("res_partner_bank", values, where_present={"active": True})


def _add_unit(world: World, name: str, category_id: int, kind: str, factor: float = 1) -> int:
    present = {"category_id": category_id, "uom_type": kind}
    return world.rows.add(
        "uom_uom", {"name": name, "factor": factor, "active": True, **_stamps(world)}, where_present=present
    )


def _add_product(
    world: World,
    name: str,
    *,
    reference: str | None,
    barcode: str | None = None,
    price: float = 4.5,
    bought_in: int = UNITS,
) -> None:
    values = {"name": name, "active": True, "default_code": reference, "list_price": price, "uom_id": UNITS}
    product_id = world.rows.add(
        "product_template", {**values, "sale_ok": True, "purchase_ok": True, **_stamps(world)},
        where_present={"uom_po_id": bought_in},
    )  # fmt: skip
    variant = {"product_tmpl_id": product_id, "active": True, "default_code": reference, "barcode": barcode}
    world.rows.add("product_product", variant | _stamps(world))


def _add_account(world: World, name: str, code: str, kind: str) -> int:
    present = {
        "code": code, "code_store": {"1": code}, "account_type": kind, "internal_group": kind.split("_")[0],
        "company_id": 1, "deprecated": False, "active": True,
    }  # fmt: skip
    return world.rows.add("account_account", {"name": name, **_stamps(world)}, where_present=present)


def _add_journal(world: World, name: str, kind: str, account_id: int) -> None:
    values = {"name": name, "type": kind, "default_account_id": account_id, "active": True, "company_id": 1}
    world.rows.add("account_journal", values | _stamps(world))


def _add_tax(world: World, name: str, amount: float) -> None:
    values = {"name": name, "amount": amount, "amount_type": "percent", "type_tax_use": "sale", "active": True}
    world.rows.add("account_tax", {**values, "company_id": 1, **_stamps(world)})


def _add_unpaid(world: World, partner_id: int, kind: str) -> None:
    """An invoice or bill of last quarter, posted and open."""
    on = world.clock.today - timedelta(days=40)
    values = {"move_type": kind, "state": "posted", "partner_id": partner_id, "commercial_partner_id": partner_id}
    values |= {"amount_total": 250, "amount_residual": 250, "currency_id": 1, "company_id": 1, "journal_id": 2}
    values |= {"date": on, "invoice_date": on, "ref": "7", "invoice_origin": "SO-7", **_stamps(world)}
    world.rows.add("account_move", values)


def _same_vat(world: World, name: str) -> None:
    _add_supplier(world, name, vat="DE 136 695 976")


def _same_email(world: World, name: str) -> None:
    for partner, street in ((f"{name} (old)", "Kai 1"), (name, "Kai 2")):
        partner_id = _add_supplier(world, partner, vat=None, supplier_rank=0, street=street)
        world.rows.row("res_partner", partner_id)["email_normalized"] = "shared@twin.example"


def _same_name(world: World, name: str) -> None:
    for partner in (f"{name.upper()} S.A.", name):
        _add_supplier(world, partner, supplier_rank=0, street="Rue de l'Été 3", zip="75001")


def _archived_and_owed(world: World, name: str) -> None:
    _add_unpaid(world, _add_supplier(world, name, active=False, supplier_rank=0), "out_invoice")


def _without_bank_account(world: World, name: str) -> None:
    _add_unpaid(world, _add_supplier(world, name, vat="DE129273398"), "in_invoice")


def _loop(world: World, name: str) -> None:
    partner_id = _add_supplier(world, name, supplier_rank=0)
    world.rows.row("res_partner", partner_id)["parent_id"] = partner_id


def _bad_iban(world: World, name: str) -> None:
    _add_bank_account(world, _add_supplier(world, name, vat="DE129274202"), "DE88370400440532013000")


_WRONG: dict[str, Callable[[World, str], object]] = {
    "partner_same_vat": _same_vat,
    "partner_same_email": _same_email,
    "partner_same_name": _same_name,
    "partner_vat_invalid": lambda world, name: _add_supplier(world, name, vat="DE136695977"),
    "partner_archived_in_use": _archived_and_owed,
    "supplier_gap": lambda world, name: _add_supplier(world, name),
    "supplier_without_bank_account": _without_bank_account,
    "company_without_country": lambda world, name: _add_supplier(world, name, supplier_rank=0, country_id=None),
    "partner_parent_loop": _loop,
    "bank_iban_invalid": _bad_iban,
    "variant_same_barcode": lambda world, name: _add_product(world, name, reference="P-101", barcode="4006381333931"),
    "variant_gap": lambda world, name: _add_product(world, name, reference=None),
    "product_unit_mismatch": lambda world, name: _add_product(world, name, reference="P-102", bought_in=WEIGHT),
    "product_price": lambda world, name: _add_product(world, name, reference="P-103", price=0),
    "unit_factor": lambda world, name: _add_unit(world, name, UNITS, "smaller", factor=0),
    "account_wrong_type": lambda world, name: _add_journal(
        world, name, "sale", _add_account(world, name, "6100", "expense")
    ),
    "tax_same": lambda world, name: _add_tax(world, name, 20),
}  # fmt: skip
