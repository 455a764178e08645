"""How a stored value becomes the canonical one, in SQL, before it leaves the client's database.

What each decoder means stands in `catalogue.field.Decoder`; what RPC answers is decoded elsewhere to the same values.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping

from psycopg2 import sql

from driftline.catalogue import Column, Decoder

SENSITIVE_NAMES = "(secret|password|passwd|pwd|token|key|credential|private|uuid|salt|cert)"
# <field name="x"> in a view, and field[@name='x'] in an inherited one's expression.
VIEW_FIELDS = r"""(?:<field\s(?:[^>]*\s)?name=|field\[@name=)["']([A-Za-z_][A-Za-z0-9_]*)["']"""


def client_salt(salt: str, client_id: str) -> str:
    """Derive a client's own salt, so that nobody who sees one client's hashes can compare them with another's."""
    return hmac.new(salt.encode(), client_id.encode(), hashlib.sha256).hexdigest()


def decoded(column: Column, *, is_json: bool, salt: str, sources: Mapping[str, Column]) -> sql.Composable:
    """Make the expression for one column; `sources` holds the table's columns by canonical name."""
    field = column.field
    value: sql.Composable = sql.Identifier(column.source)
    if is_json and field.translated:
        value = sql.SQL("({} ->> 'en_US')").format(value)
    match field.decode:
        case Decoder.PLAIN:
            return value
        case Decoder.MD5:
            return sql.SQL("md5({})").format(value)
        case Decoder.HASHED:
            return _hashed(value, salt)
        case Decoder.HASH_IF_SECRET_KEY:
            return sql.SQL("case when key ~* {} then {} else {} end").format(
                sql.Literal(SENSITIVE_NAMES), _hashed(value, salt), value
            )
        case Decoder.PRESENCE:
            return sql.SQL("coalesce({}, '') <> ''").format(value)
        case Decoder.LENGTH:
            return sql.SQL("length({})").format(value)
        case Decoder.SELECTION_LABEL:
            return sql.SQL(
                "case when {} in (select id from ir_model_fields where ttype = 'selection') then {} end"
            ).format(sql.Identifier(sources["field_id"].source), value)
        case Decoder.FIELD_NAMES:
            names = sql.SQL("select jsonb_agg(distinct name[1]) from regexp_matches({}, {}, 'g') name")
            return sql.SQL("case when {} is not null then coalesce(({}), '[]') end").format(
                value, names.format(value, sql.Literal(VIEW_FIELDS))
            )


def _hashed(value: sql.Composable, salt: str) -> sql.Composable:
    return sql.SQL("'sha256:' || encode(sha256(convert_to({} || {}, 'UTF8')), 'hex')").format(sql.Literal(salt), value)
