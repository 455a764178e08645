"""Rows that Odoo's own code hides, beside the record rules: messages, attachments, menus.

The linked records of messages and attachments decide; a model that this database does not have decides nothing.
"""

from __future__ import annotations

from collections import defaultdict

from demo.server.access import group_ids, is_in_group, may_use_model
from demo.server.domains import Both, Condition, Constant, Either, Node, conditions
from demo.server.environment import SUPERUSER_ID, Environment
from demo.server.fragments import Fragment
from demo.server.registry import Model

_FILTERED = ("mail.message", "ir.attachment", "ir.ui.menu")


def has_filter(environment: Environment, model: Model) -> bool:
    if environment.is_superuser or environment.user_id == SUPERUSER_ID or model.name not in _FILTERED:
        return False
    if model.name == "ir.ui.menu":
        # 19 no longer leaves menus out of a search.
        return environment.dialect.major <= 18 and not environment.context.get("ir.ui.menu.full_list")
    return True


def filters_after_limit(model: Model) -> bool:
    """Only messages come in short pages; the others fill a page up."""
    return model.name == "mail.message"


def with_default_domain(environment: Environment, model: Model, node: Node) -> Node:
    """Attachments that hold a field's value are left out unless the domain names `id` or `res_field`."""
    if model.name != "ir.attachment" or "res_field" not in model.fields:
        return node
    looked_at = conditions(_simplified(node) if environment.dialect.modern_domains else node)
    if any(condition.field in ("id", "res_field") for condition in looked_at):
        return node
    return Both((Condition("res_field", "=", False), node))


def _simplified(node: Node) -> Node:
    """From 19 on `res_field = False or res_field != False` is known to hold always, and then names no field."""
    if not isinstance(node, Either):
        return node
    leaves = [part for part in node.parts if isinstance(part, Condition)]
    for leaf in leaves:
        opposite = Condition(leaf.field, "!=" if leaf.operator == "=" else "=", leaf.value)
        if leaf.operator in ("=", "!=") and opposite in leaves:
            return Constant(True)
    return node


def keep_visible(environment: Environment, model: Model, ids: list[int]) -> list[int]:
    """Leave out the rows that Odoo's code would not show to this user; keep the order."""
    if not ids or not has_filter(environment, model):
        return ids
    chosen = {"mail.message": _messages, "ir.attachment": _attachments, "ir.ui.menu": _menus}[model.name]
    visible = chosen(environment, ids)
    return [record for record in ids if record in visible]


def _messages(environment: Environment, ids: list[int]) -> set[int]:
    """Own messages, those one is a recipient of, and those on records one may see."""
    registry = environment.registry
    query = "select partner_id from res_users where id = %s"
    partner_id = environment.rows(Fragment(query, (environment.user_id,)))[0][0]
    query = "select id, model, res_id, author_id, message_type from mail_message where id = any(%s)"
    rows = environment.rows(Fragment(query, (ids,)))
    visible = {row[0] for row in rows if row[3] == partner_id}
    for table in ("mail_message_res_partner_rel", "mail_notification"):
        if registry.has(table, "mail_message_id", "res_partner_id"):
            query = f"select mail_message_id from {table} where mail_message_id = any(%s) and res_partner_id = %s"
            visible |= {row[0] for row in environment.rows(Fragment(query, (ids, partner_id)))}
    linked: dict[str, dict[int, set[int]]] = defaultdict(lambda: defaultdict(set))
    for record, model, res_id, _author, message_type in rows:
        if model and res_id and message_type != "user_notification":
            linked[model][res_id].add(record)
    return visible | _on_visible_records(environment, linked)


def _attachments(environment: Environment, ids: list[int]) -> set[int]:
    """Public ones, own or unlinked ones (the latter for administrators), and those on records one may see."""
    public = "public" if environment.registry.has("ir_attachment", "public") else "false"
    query = f"select id, {public}, res_model, res_id, create_uid from ir_attachment where id = any(%s)"
    visible: set[int] = set()
    linked: dict[str, dict[int, set[int]]] = defaultdict(lambda: defaultdict(set))
    is_system = is_in_group(environment, "base.group_system")
    for record, is_public, model, res_id, creator in environment.rows(Fragment(query, (ids,))):
        if is_public:
            visible.add(record)
        elif model and res_id:
            linked[model][res_id].add(record)
        elif is_system or creator == environment.user_id:
            visible.add(record)
    return visible | _on_visible_records(environment, linked)


def _on_visible_records(environment: Environment, linked: dict[str, dict[int, set[int]]]) -> set[int]:
    from demo.server.searching import visible_ids

    visible: set[int] = set()
    for name, by_record in linked.items():
        model = environment.registry.models.get(name)
        if not may_use_model(environment, name, "read"):
            continue
        records = set(by_record) if model is None else visible_ids(environment, model, list(by_record))
        visible |= {message for record in records for message in by_record[record]}
    return visible


def _menus(environment: Environment, ids: list[int]) -> set[int]:
    """Menus of the user's groups that lead to an action on a model he may read, and the menus above those."""
    registry = environment.registry
    groups: dict[int, set[int]] = defaultdict(set)
    if registry.has("ir_ui_menu_group_rel", "menu_id", "gid"):
        for menu, group in environment.rows(Fragment("select menu_id, gid from ir_ui_menu_group_rel")):
            groups[menu].add(group)
    own = group_ids(environment) - _developer_group(environment)
    rows = environment.rows(Fragment("select id, parent_id, action from ir_ui_menu where active"))
    allowed = {menu: (parent, action) for menu, parent, action in rows if not groups[menu] or groups[menu] & own}
    models = _models_of_actions(environment)
    visible: set[int] = set()
    for menu, (_parent, action) in allowed.items():
        if not action or not _may_act(environment, action, models):
            continue
        current: int | None = menu
        while current is not None and current in allowed and current not in visible:
            if current != menu and allowed[current][1]:
                break
            visible.add(current)
            current = allowed[current][0]
    return visible & set(ids)


def _developer_group(environment: Environment) -> frozenset[int]:
    query = "select res_id from ir_model_data where module = 'base' and name = 'group_no_one' and model = 'res.groups'"
    if not environment.registry.has("ir_model_data", "res_id"):
        return frozenset()
    return frozenset(row[0] for row in environment.rows(Fragment(query)))


def _models_of_actions(environment: Environment) -> dict[str, str | None]:
    models: dict[str, str | None] = {}
    for kind, table, name in (
        ("ir.actions.act_window", "ir_act_window", "res_model"),
        ("ir.actions.report", "ir_act_report_xml", "model"),
        ("ir.actions.server", "ir_act_server", "model_name"),
        ("ir.actions.client", "ir_act_client", "null"),
    ):
        if environment.registry.has(table, *([name] if name != "null" else ["id"])):
            rows = environment.rows(Fragment(f"select id, {name} from {table}"))
            models.update({f"{kind},{record}": model for record, model in rows})
    return models


def _may_act(environment: Environment, action: str, models: dict[str, str | None]) -> bool:
    model = models.get(action)
    return model is None or may_use_model(environment, model, "read")
