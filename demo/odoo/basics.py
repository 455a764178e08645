"""What every Odoo brings along: languages, currencies, countries, access rows, a mail server. Nothing planted."""

from __future__ import annotations

from demo.odoo.configuration import owner_of
from demo.odoo.texts import LANGUAGES
from demo.odoo.world import ADMIN_UID, World, stamps

_CURRENCIES = (("EUR", "€"), ("USD", "$"), ("SEK", "kr"), ("ARS", "$"), ("INR", "₹"))
_COUNTRIES = (
    ("GR", "Greece"), ("SE", "Sweden"), ("AR", "Argentina"), ("IN", "India"), ("EG", "Egypt"), ("DE", "Germany"),
    ("FR", "France"), ("IT", "Italy"), ("NO", "Norway"), ("CL", "Chile"), ("JP", "Japan"), ("KE", "Kenya"),
)  # fmt: skip
_LANGUAGE_NAMES = {
    "en_US": "English (US)",
    "el_GR": "Greek / Ελληνικά",
    "sv_SE": "Swedish / Svenska",
    "es_AR": "Spanish (AR) / Español (AR)",
    "hi_IN": "Hindi / हिंदी",
}


def add_basics(world: World) -> None:
    """Make the rows; groups and models must be there."""
    _add_places(world)
    _add_applications(world)
    _add_access(world)
    _add_secrets(world)


def _add_places(world: World) -> None:
    stamp = stamps(world.installed_at)
    for number, (name, symbol) in enumerate(_CURRENCIES, start=1):
        values = {"name": name, "symbol": symbol, "active": number == 1, "rounding": "0.01", "decimal_places": 2}
        row_id = world.rows.add("res_currency", {**values, "position": "after", **stamp})
        world.add_external_id(f"base.{name}", "res.currency", row_id, at=world.installed_at, is_noupdate=True)
    for code, name in _COUNTRIES:
        row_id = world.rows.add("res_country", {"code": code, "name": name, "currency_id": 1, **stamp})
        world.add_external_id(f"base.{code.lower()}", "res.country", row_id, at=world.installed_at, is_noupdate=True)
    spoken = {"en_US", LANGUAGES.get(world.client.client_id, "en_US")}
    for code, name in _LANGUAGE_NAMES.items():
        values = {"code": code, "iso_code": code.split("_")[0], "url_code": code.split("_")[0], "name": name}
        row_id = world.rows.add("res_lang", {**values, "active": code in spoken, **stamp})
        world.add_external_id(f"base.lang_{code}", "res.lang", row_id, at=world.installed_at, is_noupdate=True)


def _add_applications(world: World) -> None:
    # In the order in which the groups count them.
    for application in sorted({xml_id.split(".")[0] for xml_id in world.groups}):
        name = application.replace("_", " ").title()
        category_id = world.rows.add("ir_module_category", {"name": name, **stamps(world.installed_at)})
        if world.schema.has("res_groups_privilege"):
            values = {"name": name, "category_id": category_id, "sequence": 100, **stamps(world.installed_at)}
            world.rows.add("res_groups_privilege", values)


def _add_access(world: World) -> None:
    if not world.schema.has("ir_model_access"):
        return
    for model, model_id in world.models.items():
        for suffix, group, may_write in (("user", "base.group_user", False), ("system", "base.group_system", True)):
            name = f"access_{model.replace('.', '_')}_{suffix}"
            row_id = world.rows.add(
                "ir_model_access",
                {"name": name, "model_id": model_id, "group_id": world.groups[group], "active": True, "perm_read": True}
                | {"perm_write": may_write, "perm_create": may_write, "perm_unlink": may_write}
                | stamps(world.installed_at),
            )
            if not model.startswith("x_"):
                xml_id = f"{owner_of(model)}.{name}"
                world.add_external_id(xml_id, "ir.model.access", row_id, at=world.installed_at)


def _add_secrets(world: World) -> None:
    client_id, stamp = world.client.client_id, stamps(world.installed_at)
    world.rows.add(
        "ir_mail_server",
        {"name": "Outgoing", "smtp_host": f"smtp.{world.domain}", "smtp_port": 587, "smtp_encryption": "starttls"}
        | {"smtp_user": f"erp@{world.domain}", "smtp_pass": f"CANARY-smtp-{client_id}", "active": True, "sequence": 10}
        | stamp,
        where_present={"smtp_authentication": "login"},
    )
    world.rows.add(
        "res_users_apikeys",
        {"name": "Web shop", "user_id": ADMIN_UID, "scope": "rpc", "create_date": world.clock.days_ago(200)}
        | {"index": f"{len(client_id):08x}", "key": f"CANARY-api-key-{client_id}"},
        where_present={"expiration_date": world.clock.days_ago(-30)},
    )
