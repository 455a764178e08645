"""The recorded observations that can be made again: for each key of a recording, the calls that gave it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from server.clients import Caller

Replay = Callable[[Caller], Any]

_TICKET = [
    "number", "name", "partner_id", "user_id", "team_id", "tag_ids", "closed_date", "create_date", "priority",
    "description", "partner_email",
]  # fmt: skip
_TRACKING = [
    "field_id", "field_info", "old_value_integer", "old_value_float", "old_value_char", "old_value_text",
    "old_value_datetime", "new_value_integer", "new_value_float", "new_value_char", "new_value_text",
    "new_value_datetime", "currency_id", "mail_message_id", "display_name", "create_uid", "create_date", "write_uid",
    "write_date",
]  # fmt: skip
_LOG = [
    "name", "model_id", "model_name", "model_model", "res_id", "method", "user_id", "create_date", "log_type",
]  # fmt: skip
_PAST_MESSAGES = {"17": 708, "19": 1296}
# Rows that the recording made for itself, by version: what it timed, and what it archived.
_PROBE = {"17": 68, "19": 73}
_TIMED = {"17": 138, "19": 109}
_CHILD = {"17": 70, "19": 75}


def _counted(model: str, domain: list[Any], **named: Any) -> Replay:
    return lambda caller: caller.outcome(model, "search_count", domain, **named)


def _searched(model: str, domain: list[Any], **named: Any) -> Replay:
    return lambda caller: caller.outcome(model, "search", domain, **named)


def _read(model: str, ids: list[int], names: list[str], **named: Any) -> Replay:
    return lambda caller: caller.outcome(model, "read", ids, names, **named)


def _fields(model: str, *names: str) -> dict[str, Any]:
    return {"model": model, "names": list(names)}


def _timed(operator: str, value: str) -> Replay:
    """Compare the probe's `write_date` with one of the recorded values."""

    def replay(caller: Caller) -> Any:
        record = _PROBE[caller.major]
        recorded = {"17": "2026-11-22 01:35:16.680542", "19": "2026-11-22 02:02:32.755915"}[caller.major]
        seconds = recorded[:19]
        moment = {
            "seconds": seconds,
            "micro": recorded,
            "T": seconds.replace(" ", "T"),
            "Z": seconds.replace(" ", "T") + "Z",
            "offset": seconds + "+02:00",
            "day": seconds[:10],
        }[value]
        return caller.outcome("res.partner", "search_count", [["id", "=", record], ["write_date", operator, moment]])

    return replay


def _suffixed(suffix: str, separator: str = " ") -> Replay:
    def replay(caller: Caller) -> Any:
        record = _TIMED[caller.major]
        moment = {"17": "2026-11-22 01:39:54", "19": "2026-11-22 02:03:57"}[caller.major]
        domain = [["id", "=", record], ["write_date", ">=", moment.replace(" ", separator) + suffix]]
        found = caller.outcome("res.partner", "search_count", domain)
        # The recording wrote down its client's exception here, not the error itself.
        return f'ERR RpcError("{found[4:]}")' if isinstance(found, str) else found

    return replay


def _pages(login: str) -> Replay:
    """Nineteen pages of 50 by id, over the messages that were there when it was recorded."""

    def replay(caller: Caller) -> list[int]:
        domain = [["id", "<=", {"17": 708, "19": 10**9}[caller.major]]]
        return [
            len(caller.call("mail.message", "search", domain, offset=50 * n, limit=50, order="id", login=login))
            for n in range(19)
        ]

    return replay


REPLAYS: dict[str, Replay] = {
    "shape_classic.rec": _read("helpdesk.ticket", [5], _TICKET),
    "shape_load_none.rec": _read(
        "helpdesk.ticket", [5], ["partner_id", "user_id", "team_id", "tag_ids", "create_date"], load=None
    ),
    "shape_load_none.search_read_load": lambda caller: caller.outcome(
        "helpdesk.ticket", "search_read", [["id", "=", 5]], ["partner_id", "team_id"], load=None
    ),
    "shape_load_none.search_read_load_kw": lambda caller: caller.outcome(
        "helpdesk.ticket", "search_read", domain=[["id", "=", 5]], fields=["team_id"], load=""
    ),
    "shape_misc.company": lambda caller: caller.call(
        "res.partner",
        "read",
        [1],
        [
            *(["date"] if caller.major == "17" else []),
            "lang",
            "parent_id",
            "partner_latitude",
            "employee",
            "child_ids",
            "category_id",
            "comment",
        ],
    )[0],
    "shape_misc.bin_size": _read("res.partner", [1], ["image_128"], context={"bin_size": True}),
    "fields_empty_means_all.n_fields": lambda caller: len(caller.call("res.partner", "read", [1])[0]),
    "fields_empty_means_all.n_fields_get": lambda caller: len(caller.call("res.partner", "fields_get")),
    "fields_empty_means_all.demo_fg": lambda caller: len(caller.call("res.partner", "fields_get", login="demo")),
    "fields_empty_means_all.demo_n": lambda caller: len(caller.call("res.partner", "read", [1], login="demo")[0]),
    "write_date_precision.rpc": lambda caller: caller.call(
        "res.partner", "read", [_PROBE[caller.major]], ["write_date"]
    )[0]["write_date"],
    "write_date_precision.eq_rpc_value": _timed("=", "seconds"),
    "write_date_precision.gt_rpc_value": _timed(">", "seconds"),
    "write_date_precision.gte_rpc_value": _timed(">=", "seconds"),
    "write_date_precision.lte_rpc_value": _timed("<=", "seconds"),
    "write_date_precision.eq_db_micro": _timed("=", "micro"),
    "write_date_precision.gt_db_micro": _timed(">", "micro"),
    "write_date_precision.gte_db_micro": _timed(">=", "micro"),
    "write_date_precision.iso_T": _timed(">=", "T"),
    "write_date_precision.iso_Z": _timed(">=", "Z"),
    "write_date_precision.tz_offset": _timed(">=", "offset"),
    "write_date_precision.date_only": _timed(">=", "day"),
    "tz.admin_tz": _read("res.users", [2], ["tz"]),
    "tz.ctx_tz": lambda caller: caller.call(
        "res.partner", "read", [_PROBE[caller.major]], ["write_date"], context={"tz": "Asia/Tokyo"}
    ),
    "company_dependent_write__partner_wd.rpc": lambda caller: caller.call(
        "res.partner", "read", [{"17": 69, "19": 74}[caller.major]], ["property_payment_term_id"]
    ),
    "company_dependent_write__partner_wd.rpc_other_company": lambda caller: caller.call(
        "res.partner",
        "read",
        [{"17": 69, "19": 74}[caller.major]],
        ["property_payment_term_id"],
        context={"allowed_company_ids": [2]},
    ),
    "domain_on_company_dependent.n": _counted(
        "res.partner", [["property_payment_term_id", "=", 1]], context={"active_test": False}
    ),
    "translation_write__wd.no_lang_ctx_admin_lang": _read("res.users", [2], ["lang"]),
    "lang_bad.r": _read("helpdesk.ticket.stage", [1], ["name"], context={"lang": "xx_XX"}),
    "active_test.default": lambda c: c.call("res.partner", "search_count", [["id", "=", _CHILD[c.major]]]),
    "active_test.ctx": lambda c: c.call(
        "res.partner", "search_count", [["id", "=", _CHILD[c.major]]], context={"active_test": False}
    ),
    "active_test.domain_in": lambda c: c.call(
        "res.partner", "search_count", [["id", "=", _CHILD[c.major]], ["active", "in", [True, False]]]
    ),
    "active_test.read_by_id": lambda c: c.call("res.partner", "read", [_CHILD[c.major]], ["name", "active"]),
    "active_test.o2m_child_ids": lambda c: c.call("res.partner", "read", [_CHILD[c.major] - 1], ["child_ids"]),
    "active_test.o2m_child_ids_ctx": lambda c: c.call(
        "res.partner", "read", [_CHILD[c.major] - 1], ["child_ids"], context={"active_test": False}
    ),
    "default_order.partner": _searched("res.partner", [], limit=6),
    "default_order.message": lambda c: c.call(
        "mail.message", "search", [["id", "<=", _PAST_MESSAGES[c.major]]], limit=4
    ),
    "default_order.ticket": _searched("helpdesk.ticket", [["id", "<=", 8]], limit=5),
    "default_order.order_id": _searched("res.partner", [], order="id", limit=4),
    "default_order.order_bad_sql": _searched("res.partner", [], order="id; drop"),
    "limits.neg": _searched("res.partner", [], limit=-1),
    "limits.offset_past_end": _searched("res.partner", [], offset=100_000),
    "attachment_hidden.rpc_all": _counted("ir.attachment", []),
    "rule_hidden_admin.task_rpc": _counted("project.task", [], context={"active_test": False}),
    "rule_hidden_admin.tasktype_rpc": _counted("project.task.type", [], context={"active_test": False}),
    "rule_hidden_admin.users_rpc": _counted("res.users", []),
    "rule_hidden_admin.users_rpc_at": _counted("res.users", [], context={"active_test": False}),
    "rule_hidden_admin.menu_rpc": _counted("ir.ui.menu", []),
    "rule_hidden_admin.menu_ctx": _counted("ir.ui.menu", [], context={"ir.ui.menu.full_list": True}),
    "rule_hidden_admin.company_rpc": _counted("res.company", []),
    "rule_hidden_admin.move_company1": _counted("account.move", [], context={"allowed_company_ids": [1]}),
    "rule_hidden_admin.move_all_companies": _counted("account.move", []),
    "short_pages_mail_message_admin.pages": _pages("admin"),
    "short_pages_mail_message_demo.pages": _pages("demo"),
    "login_date.fields_get": lambda c: c.call(
        "res.users",
        "fields_get",
        ["login_date"],
        ["readonly", "related", "searchable", "sortable", "store", "type"],
    )["login_date"],
    "login_date.search_on_it": _counted("res.users", [["login_date", "!=", False]]),
    "password.read": _read("res.users", [2], ["login", "password", "new_password"]),
    "password.search_password": _counted("res.users", [["password", "ilike", "x"]]),
    "password.read_group": lambda c: c.outcome("res.users", "read_group", [], ["id:count"], ["password"]),
    "password.export": lambda c: c.call("res.users", "export_data", [2], ["login", "password"]),
    "apikeys_table.rpc_fields": lambda c: sorted(c.call("res.users.apikeys", "fields_get")),
    "secrets_readable_by_admin.icp": lambda c: [
        row["key"]
        for row in c.call(
            "ir.config_parameter", "search_read", [["key", "in", ["database.secret", "database.uuid"]]], ["key"]
        )
    ],
    "secrets_readable_by_admin.mailserver_groups": lambda c: {
        name: field["groups"]
        for name, field in c.call("ir.mail_server", "fields_get", [], ["groups"]).items()
        if name == "smtp_pass"
    },
    "unlink_trace.read": _read("helpdesk.ticket", [9], ["name"]),
    "unlink_trace.exists": lambda c: c.call("helpdesk.ticket", "search", [["id", "=", 9]]),
    "auditlog_logs.logs": lambda c: c.call("auditlog.log", "search_read", [], _LOG, order="id"),
    "tracking_value.rows": lambda c: c.call(
        "mail.tracking.value",
        "read",
        [{"17": 92, "19": 287}[c.major]],
        _TRACKING,
    ),
    "tracking_value.demo": lambda c: c.outcome("mail.tracking.value", "search", [], login="demo"),
    "json_nonstring_keys_dates.date_field": lambda c: c.call(
        "account.move",
        "read",
        [{"17": 10, "19": 42}[c.major]],
        ["invoice_date", "amount_total", "currency_id", "payment_reference"],
    ),
    "json_nonstring_keys_dates.props": _read("helpdesk.ticket", [5], ["properties"]),
    "float_precision.rpc": lambda c: c.call(
        "account.move.line",
        "read",
        {"17": [48, 13], "19": [52, 126]}[c.major],
        ["debit", "quantity", "price_unit", "amount_currency"],
    ),
    "reference_and_m2o_reference.r": lambda c: c.call(
        "mail.message",
        "read",
        [{"17": 714, "19": 1302}[c.major]],
        [
            "model",
            "res_id",
            "author_id",
            "date",
            "message_type",
            "subtype_id",
            *(["record_name"] if c.major == "17" else []),
        ],
    ),
    "reference_and_m2o_reference.fg": lambda c: {
        name: field["type"]
        for name, field in c.call(
            "mail.message", "fields_get", ["date", "body", "model", "res_id", "tracking_value_ids"], ["type"]
        ).items()
    },
    "xid.r": lambda c: c.call(
        "ir.model.data",
        "search_read",
        [["model", "=", "res.groups"], ["module", "=", "account"]],
        ["module", "name", "complete_name", "res_id", "noupdate", "write_date"],
        limit=2,
    ),
    "tz_offset_literals.minus5": _suffixed("-05:00"),
    "tz_offset_literals.plus5": _suffixed("+05:00"),
    "tz_offset_literals.Z": _suffixed("Z"),
    "tz_offset_literals.T_Z_ms": _suffixed(".000Z", "T"),
    "ir_model_fields_full_read.sample": lambda c: c.call(
        "ir.model.fields",
        "read",
        [{"17": 1592, "19": 1857}[c.major]],
        [
            "model",
            "name",
            "ttype",
            "relation",
            "store",
            "translate",
            "required",
            "readonly",
            "index",
            "copied",
            "related",
            "depends",
            "relation_table",
            "column1",
            "column2",
            "state" if c.major == "17" else "company_dependent",
        ],
    )[0],
    "ir_model_fields_full_read.rows": lambda c: c.call("ir.model.fields", "search_count", []),
    "read_group_max_write_date.r": lambda c: c.call(
        "res.partner", "read_group", [], ["write_date:max", "id:count"], []
    ),
    "read_group_max_write_date.r_sub": lambda c: c.call("res.partner", "read_group", [], ["write_date:max"], []),
    "http_headers.headers": lambda c: sorted(c.jsonrpc("common", "version").headers),
    "http_headers.status": lambda c: c.jsonrpc("common", "version").status_code,
    "http_headers.version": lambda c: 10 if c.jsonrpc("common", "version").http_version == "HTTP/1.0" else 11,
    "keepalive.second_request_same_socket": lambda c: c.jsonrpc("common", "version").status_code,
    "keepalive.conn_hdr": lambda c: c.jsonrpc("common", "version").headers["connection"],
    "login_cooldown.attempts": lambda c: [
        c.jsonrpc("common", "login", c.server.database, "admin", "wrong").json()["result"] for _ in range(40)
    ],
    "login_cooldown.good_login_after": lambda c: c.jsonrpc(
        "common", "login", c.server.database, "admin", "admin"
    ).json()["result"],
    "login_cooldown.execute_kw_after": _counted("res.users", []),
    "login_cooldown.params": lambda c: c.call(
        "ir.config_parameter", "search_read", [["key", "like", "login_cooldown"]], ["key", "value"]
    ),
}
