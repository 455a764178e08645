"""Messages and tracked changes, as Odoo's chatter writes them. Not here: when something is said or changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from demo.odoo.rows import Sink
from demo.odoo.world import stamps

SUBTYPE_DISCUSSION, SUBTYPE_NOTE, SUBTYPE_STAGE = 1, 2, 11
Kind = Literal["comment", "email", "email_outgoing", "notification"]


@dataclass(frozen=True)
class Author:
    """Who speaks: a user with its contact, or a contact alone (mail from outside comes in as OdooBot)."""

    user_id: int
    partner_id: int


@dataclass(frozen=True)
class TrackedChange:
    """One changed many2one: ids and the names that Odoo shows."""

    field_id: int
    label: str
    old_id: int | None
    new_id: int | None
    old_name: str = ""
    new_name: str = ""


def post(
    sink: Sink, model: str, res_id: int, *, at: datetime, author: Author, kind: Kind, stored_at: datetime | None = None
) -> int:
    """Add one message; `stored_at` is later than `at` where an old archive was brought in."""
    is_spoken = kind in ("comment", "email", "email_outgoing")
    second = at.replace(microsecond=0)
    # Text that a support pipeline has no business reading: if it ever shows in the warehouse, this word gives it away.
    body = f"<p>CANARY-body of {model} {res_id}\tat\n{second}</p>" if is_spoken else ""
    return sink.add(
        "mail_message",
        {"model": model, "res_id": res_id, "date": second, "message_type": kind, "author_id": author.partner_id}
        | {"subtype_id": SUBTYPE_DISCUSSION if is_spoken else SUBTYPE_NOTE, "is_internal": not is_spoken, "body": body}
        | {"subject": f"CANARY-subject {res_id}" if kind == "email" else None, "email_from": f"CANARY-from-{res_id}"}
        | {
            "message_id": f"<{at:%Y%m%d%H%M%S.%f}-{model}-{res_id}@demo>",
            **stamps(stored_at or at, uid=author.user_id),
        },
    )


def track(
    sink: Sink,
    model: str,
    res_id: int,
    changes: list[TrackedChange],
    *,
    at: datetime,
    author: Author,
    stored_at: datetime | None = None,
) -> None:
    """Add the notification that carries tracked changes, and the changes."""
    message_id = post(sink, model, res_id, at=at, author=author, kind="notification", stored_at=stored_at)
    field_column = "field_id" if sink.schema.has("mail_tracking_value", "field_id") else "field"
    for change in changes:
        sink.add(
            "mail_tracking_value",
            {field_column: change.field_id, "mail_message_id": message_id}
            | {"old_value_integer": change.old_id or 0, "new_value_integer": change.new_id or 0}
            | {"old_value_char": change.old_name, "new_value_char": change.new_name}
            | stamps(stored_at or at, uid=author.user_id),
            where_present={"field_desc": change.label, "field_type": "many2one", "tracking_sequence": 100},
        )
