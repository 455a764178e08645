"""# Weekly reconcile

Compares every value of every client's Odoo with the warehouse, repairs what differs, and records both.

`plan → read_client (mapped over the clients) → finish_reading → alert → done`

Where a client's PostgreSQL is read, both sides are compared by hashes of whole rows; over RPC everything is read anew.
What came of it stands in `ops.reconciliation`: `repaired` means that the nights before had missed something, and
`different` that something is still not the same. Nothing is built and nothing published; the next night does that.

Run configuration (any other key is refused by `plan`):

* `client`: only this client, by its id in `config/clients.yml`

The run is red when a client could not be compared; the others are, all the same.

## If it fails

* `plan`: the message names the key, file or entry it dislikes. Correct it and trigger the run again.
* `read_client`: the message names the client and what to do. An address that does not answer is tried again by itself.
  A client that a night is still reading is left out: clear the one task when that has ended, or leave it to next week.
* `alert`: nothing is half-written. Clear the task.
"""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta

import wiring
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import Param, TriggerRule, dag, task
from airflow.sdk.exceptions import AirflowFailException

# After a night's cut-off, on the day on which nobody works.
DEFAULT_SCHEDULE = "0 8 * * 0"


@dag(
    dag_id="weekly_reconcile",
    schedule=os.environ.get("DRIFTLINE_WEEKLY_SCHEDULE", DEFAULT_SCHEDULE) or None,
    catchup=False,
    max_active_runs=1,
    doc_md=__doc__,
    tags=["driftline"],
    params={"client": Param(None, type=["null", "string"], description="Only this client")},
    default_args={"retries": 2, "retry_policy": wiring.RETRY_UNREACHABLE},
)
def weekly_reconcile() -> None:
    """Wire one comparison of everything."""

    @task
    def plan() -> list[list[str]]:
        from driftline import night

        planned = night.plan(
            wiring.settings(),
            night_id=wiring.run_id(),
            now=datetime.now(UTC),
            conf=wiring.run_conf(),
            kind="reconcile",
        )
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
            raise AirflowFailException("Nothing was planned, so nothing was compared. See the task 'plan'.")
        night.finish(wiring.settings(), night_id=wiring.run_id())

    @task(trigger_rule=TriggerRule.ALL_DONE)
    def alert() -> None:
        from driftline import alerts

        alerts.send(wiring.settings(), night_id=wiring.run_id(), now=datetime.now(UTC))

    batches = plan()
    reading = read_client.expand(client_ids=batches)
    finished = finish_reading(batches)
    told = alert()
    reading >> finished >> told
    # Airflow judges a run by its last tasks, and these run whatever happened: without this, always green.
    [reading, finished, told] >> EmptyOperator(task_id="done")


weekly_reconcile()
