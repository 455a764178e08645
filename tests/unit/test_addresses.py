"""Connections given as Airflow gives them become libpq URLs; what is wrong is named without quoting it."""

import json

import psycopg2.extensions
import pytest
from driftline.addresses import to_libpq_url
from driftline.connections import client_url
from driftline.errors import ConfigError
from driftline.settings import Settings

PASSWORD = "p@ss/w:ord#%?&é"
BASE = {"DRIFTLINE_WAREHOUSE_URL": "postgresql://w@h/d", "DRIFTLINE_HASH_SALT": "s"}


def test_a_uri_with_an_encoded_password_and_airflow_extras_is_understood():
    raw = "postgres://reader:p%40ss%2Fw%3Aord%23%25%3F%26%C3%A9@db.example:6432/odoo?sslmode=require&__extra__=%7B%7D"
    parts = psycopg2.extensions.parse_dsn(to_libpq_url(raw, where="X"))
    assert parts == {
        "user": "reader",
        "password": PASSWORD,
        "host": "db.example",
        "port": "6432",
        "dbname": "odoo",
        "sslmode": "require",
    }


def test_a_json_connection_is_understood():
    raw = {"conn_type": "postgres", "host": "::1", "port": 5433, "login": "r", "password": PASSWORD, "schema": "my db"}
    parts = psycopg2.extensions.parse_dsn(to_libpq_url(json.dumps(raw), where="X"))
    assert parts == {"user": "r", "password": PASSWORD, "host": "::1", "port": "5433", "dbname": "my db"}


@pytest.mark.parametrize(
    "raw",
    [
        "http://u:hunter2@h/d",
        "postgres://u:hunter2@h",
        '{"password": "hunter2"}',
        '{"hunter2',
        "postgres://u:hunter2@h:x/d",
    ],
)
def test_a_wrong_address_is_named_but_never_quoted(raw):
    with pytest.raises(ConfigError, match="AIRFLOW_CONN_ODOO_ACME") as caught:
        to_libpq_url(raw, where="AIRFLOW_CONN_ODOO_ACME", client_id="acme")
    assert "hunter2" not in str(caught.value)
    assert caught.value.__context__ is None or caught.value.__suppress_context__


def test_a_missing_connection_names_the_variable():
    with pytest.raises(ConfigError, match="client 'acme': no connection: AIRFLOW_CONN_ODOO_ACME is not set"):
        client_url(Settings.from_environment(BASE), "acme")


def test_missing_settings_are_named_and_secrets_stay_out_of_the_repr():
    with pytest.raises(ConfigError, match="DRIFTLINE_HASH_SALT is not set"):
        Settings.from_environment({"DRIFTLINE_WAREHOUSE_URL": "postgresql://w@h/d"})
    settings = Settings.from_environment(
        {**BASE, "DRIFTLINE_HASH_SALT": "hunter2", "DRIFTLINE_ALERT_URLS": "json://hunter2"}
    )
    assert "hunter2" not in repr(settings)
