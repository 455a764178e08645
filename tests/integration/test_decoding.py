"""What is decoded in the client's database arrives as the catalogue says: digests, hashes, labels, names of fields."""

from __future__ import annotations

import hashlib
from contextlib import closing

import psycopg2
import pytest
from conftest import run_sql
from driftline.catalogue import Column, Field
from driftline.sources.decoding import decoded
from nights import run_night, unlike_source
from psycopg2 import sql

VIEW = """<form string="name='no_field'">
  <sheet><field name="partner_id" options="{'no_create': True}"/>
    <field class="oe_inline"
           name='x_note' invisible="not partner_id"/>
    <button name="action_no_field" type="object"/><fields name="no_field"/>
    <xpath expr="//field[@name='stage_id']" position="after"><field name="partner_id"/></xpath>
    <field name="picture" filename="no_field"/>
  </sheet></form>"""


def decoded_in(url: str, text: str | None, decode: str) -> object:
    """Decode one text in PostgreSQL as a reading does."""
    column = Column(name="x", source="x", field=Field.model_validate({"type": "text", "decode": decode}))
    expression = decoded(column, is_json=False, salt="salt", sources={"x": column})
    row = sql.SQL("(values ({}::text, 'smtp_password')) row (x, key)").format(sql.Literal(text))
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(sql.SQL("select {} from {}").format(expression, row))
        return cursor.fetchone()[0]


@pytest.mark.parametrize(
    ("decode", "text", "expected"),
    [
        ("presence", "a", True),
        ("presence", "", False),
        ("presence", None, False),
        ("length", "Αθήνα", 5),
        ("length", None, None),
        ("md5", "a", "0cc175b9c0f1b6a831c399e269772661"),
        ("hashed", "A", "sha256:" + hashlib.sha256(b"saltA").hexdigest()),
        ("hashed", None, None),
        ("hash_if_secret_key", "a", "sha256:" + hashlib.sha256(b"salta").hexdigest()),
        ("field_names", VIEW, ["partner_id", "picture", "stage_id", "x_note"]),
        ("field_names", "<form/>", []),
        ("field_names", None, None),
    ],
)
def test_a_decoder_gives_the_value_that_the_catalogue_promises(pg_server, decode, text, expected):
    assert decoded_in(pg_server.url(), text, decode) == expected


def test_only_labels_of_selections_are_read_of_what_was_tracked(warehouse, odoo_source):
    ids = dict(
        run_sql(
            odoo_source,
            "update ir_model_fields set ttype = 'selection' where model = 'account.move' and name = 'state';"
            "select name, id from ir_model_fields where (model, name) in"
            " (('account.move', 'state'), ('res.partner', 'email'))",
        )
    )
    assert sorted(ids) == ["email", "state"]
    for name, label in (("state", "Posted"), ("email", "someone@else.example")):
        run_sql(
            odoo_source,
            "insert into mail_tracking_value (field_id, mail_message_id, old_value_char, new_value_char)"
            " values (%s, 1, 'Draft', %s)",
            ids[name],
            label,
        )
    run_night(warehouse, odoo_source, 1)
    rows = warehouse.rows(
        "select old_value_label, new_value_label from raw.mail_tracking_value where field_id = any(%s)"
        " order by field_id = %s",
        list(ids.values()),
        ids["email"],
    )
    assert rows == [("Draft", "Posted"), (None, None)]
    assert unlike_source(warehouse, odoo_source) == []


def test_addresses_are_comparable_but_not_readable(warehouse, odoo_source):
    run_sql(
        odoo_source,
        "update res_partner set email = 'x', email_normalized = case id when 3 then 'other@twin.example' else"
        " 'same@twin.example' end where id in (1, 2, 3)",
    )
    run_night(warehouse, odoo_source, 1)
    hashes = dict(warehouse.rows("select id, email_hash from raw.res_partner where id in (1, 2, 3)"))
    assert hashes[1] == hashes[2] != hashes[3]
    assert all(text.startswith("sha256:") and len(text) == 71 for text in hashes.values())
    assert warehouse.rows("select count(*) from raw.res_partner t where t::text like '%%@twin.example%%'") == [(0,)]
    assert warehouse.rows("select count(*) from raw.res_partner where has_email is null") == [(0,)]
