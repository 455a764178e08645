"""# Nightly

Reads every client's Odoo into the warehouse, builds the marts, checks them client by client, publishes what passed and
sends one message.

`plan → read_client (mapped over the clients) → finish_reading → build → check → publish → alert → done`, and beside the
message `render_docs`: the checks' Data Docs, in `data_docs/<build>` below `DRIFTLINE_BUILD_DIR`.

One client that cannot be read does not stop the others: its task is red, its published rows stay as they were and say
so. A run's own state is that of its publication; look at the `read_client` tasks for single clients.

Run configuration (any other key is refused by `plan`):

* `client`: only this client, by its id in `config/clients.yml`
* `as_of_on`: a past day, `2026-09-30`. Nothing is read; marts and gates are computed again from history.

## If it fails

* `plan`: the message names the key, file or entry it dislikes. Correct it and clear the task.
* `read_client`: the message names the client and what to do. An address that does not answer is tried again by itself.
  With more than a thousand clients, one task reads several: the first error is the task's, the log has the others.
  Clear the one task, then `finish_reading` with everything downstream, or leave it to the next night.
* `build`: `ops.dbt_result` has the failing node. Nothing was published.
* `check`: a rule that says no closes a client's gate and leaves this task green; a red task means that the check broke.
* `publish`, `alert`: nothing is half-written. Clear the task.
* `render_docs`: the numbers are published all the same. Clear the task, or run `driftline docs`.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

import wiring
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import Param, TriggerRule, dag, task
from airflow.sdk.exceptions import AirflowFailException

DEFAULT_SCHEDULE = "0 2 * * *"


@dag(
    dag_id="nightly",
    schedule=os.environ.get("DRIFTLINE_NIGHTLY_SCHEDULE", DEFAULT_SCHEDULE) or None,
    catchup=False,
    max_active_runs=1,
    doc_md=__doc__,
    tags=["driftline"],
    params={
        "client": Param(None, type=["null", "string"], description="Only this client"),
        "as_of_on": Param(None, type=["null", "string"], format="date", description="Compute this past day again"),
    },
    default_args={"retries": 2, "retry_policy": wiring.RETRY_UNREACHABLE},
)
def nightly() -> None:
    """Wire one night."""

    @task
    def plan() -> list[list[str]]:
        from driftline import night

        planned = night.plan(wiring.settings(), night_id=wiring.run_id(), now=datetime.now(UTC), conf=wiring.run_conf())
        return night.batches(planned.client_ids)

    @task(
        map_index_template=wiring.CLIENTS_OF_A_TASK,
        pool="driftline_sources",
        execution_timeout=timedelta(hours=2),
    )
    def read_client(client_ids: list[str]) -> None:
        from driftline import night

        night.read_clients(
            wiring.settings(), night_id=wiring.run_id(), client_ids=client_ids, find_connection=wiring.find_connection
        )

    @task(trigger_rule=TriggerRule.ALL_DONE)
    def finish_reading(batches: list[list[str]] | None) -> None:
        from driftline import night

        if not batches:
            raise AirflowFailException("The night was not planned, so there is nothing to build. See the task 'plan'.")
        night.finish(wiring.settings(), night_id=wiring.run_id())

    @task
    def build() -> str:
        from driftline import transform

        report = transform.build(
            wiring.settings(), night_id=wiring.run_id(), as_of_at=None, quarter=None, now=datetime.now(UTC)
        )
        return str(report.build_id)

    @task
    def check(build_id: str) -> str:
        from driftline import quality

        quality.check(wiring.settings(), build_id=build_id, now=datetime.now(UTC))
        return build_id

    @task(outlets=[wiring.REVIEW])
    def publish(build_id: str) -> None:
        from driftline import publish

        publish.publish(wiring.settings(), build_id=build_id, now=datetime.now(UTC))

    @task
    def render_docs(build_id: str) -> str:
        from driftline.quality import data_docs

        return str(data_docs.render(wiring.settings(), build_id=build_id))

    @task(trigger_rule=TriggerRule.ALL_DONE)
    def alert() -> None:
        from driftline import alerts

        alerts.send(wiring.settings(), night_id=wiring.run_id(), now=datetime.now(UTC))

    batches = plan()
    # One client each as long as Airflow maps that many (core.max_map_length, 1,024); several beyond.
    reading = read_client.expand(client_ids=batches)
    finished = finish_reading(batches)
    built = build()
    checked = check(built)
    published = publish(checked)
    published >> render_docs(checked)
    reading >> finished >> built
    told = alert()
    published >> told
    # Airflow judges a run by its last tasks, and the message goes out whatever happened: without this, always green.
    [published, told] >> EmptyOperator(task_id="done")


nightly()
