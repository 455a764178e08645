"""What the DAG files share: Airflow's answers turned into the package's arguments.

Here and in the DAG files Airflow ends; nothing below `plugins/driftline` imports it. No step's logic belongs here.
"""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from airflow.sdk import Asset, Connection, ExceptionRetryPolicy, RetryAction, RetryRule, get_current_context
from airflow.sdk.exceptions import AirflowNotFoundException
from airflow.sdk.log import mask_secret

if TYPE_CHECKING:
    from driftline.settings import Settings

WAREHOUSE_CONNECTION = "driftline_warehouse"

# What a mapped task shows as its name: one client's id, or the first few of several.
CLIENTS_OF_A_TASK = "{{ task.op_kwargs['client_ids'] | join(', ') | truncate(60, end=' …', leeway=0) }}"

# What readers see has changed; other DAGs may be scheduled on it.
REVIEW = Asset(name="driftline_review", uri="driftline://warehouse/review")

# Only an address that did not answer is worth a second try. The delay is Airflow's own default_task_retry_delay.
RETRY_UNREACHABLE = ExceptionRetryPolicy(
    rules=[
        RetryRule(
            exception=["driftline.errors.SourceUnavailable", "driftline.errors.WarehouseError"],
            action=RetryAction.RETRY,
            reason="The address did not answer; it may answer later.",
        ),
        RetryRule(
            exception="driftline.errors.DriftlineError",
            action=RetryAction.FAIL,
            reason="The same call would fail again.",
        ),
    ],
)


def settings() -> Settings:
    """Read the settings, with the warehouse's address from Airflow's connection where there is one."""
    from driftline.settings import Settings

    warehouse = connection_url(WAREHOUSE_CONNECTION)
    overrides = {"DRIFTLINE_WAREHOUSE_URL": warehouse} if warehouse else {}
    return Settings.from_environment({**os.environ, **overrides})


def connection_url(connection_id: str) -> str | None:
    """Resolve a connection through whatever secrets backend Airflow has, as a URL; None where it knows none."""
    from driftline.addresses import to_source_url

    try:
        connection = Connection.get(connection_id)
    except AirflowNotFoundException:
        return None
    if connection.password:
        # Airflow masks the password as it is, but not in the form it takes inside a URL.
        mask_secret(quote(connection.password, safe=""))
    address = connection.get_uri()
    if connection.conn_type in ("http", "https"):
        # Its host may hold the scheme, as Airflow's own HTTP hook wants it; in a URI that is not one any more.
        parts = ("conn_type", "host", "port", "login", "password", "schema")
        address = json.dumps({name: getattr(connection, name) for name in parts})
    return to_source_url(address, where=f"connection '{connection_id}'")


def find_connection(client_id: str) -> str | None:
    """Resolve a client's connection; None where Airflow knows none."""
    from driftline.connections import connection_id

    return connection_url(connection_id(client_id))


def run_conf() -> dict[str, Any]:
    """Give the run's configuration. The UI's form sends null for a field left empty."""
    conf = get_current_context()["dag_run"].conf or {}
    return {key: value for key, value in conf.items() if value is not None}


def run_id() -> str:
    """Give the run's id, which is the night's id: a task that is tried again goes on with the same night."""
    return str(get_current_context()["run_id"])
