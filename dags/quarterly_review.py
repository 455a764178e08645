"""# Quarterly review

Builds one quarter for every client, checks it, publishes what passed and renders one page per client.

`choose_quarter → build → check → publish → render_page (one per client) → alert → done`

Run configuration (any other key is refused by `choose_quarter`):

* `quarter`: `2026Q3`; without it the last complete one

The pages lie in `review/<quarter>/` below `DRIFTLINE_BUILD_DIR`: one self-contained HTML file per client.

## If it fails

* `choose_quarter`: the message names the key or the value it dislikes. Trigger the run again with the right one.
* `build`: `ops.dbt_result` has the failing node. Nothing was published.
* `check`: a rule that says no closes a client's gate and leaves this task green; a red task means that the check broke.
* `publish`, `alert`: nothing is half-written. Clear the task.
* `render_page`: the numbers are published all the same. Clear the one task.
"""

from __future__ import annotations

from datetime import UTC, datetime

import wiring
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.sdk import Param, TriggerRule, dag, task


@dag(
    dag_id="quarterly_review",
    schedule=None,
    catchup=False,
    max_active_runs=1,
    doc_md=__doc__,
    tags=["driftline"],
    params={
        "quarter": Param(
            None, type=["null", "string"], pattern=r"^\d{4}Q[1-4]$", description="2026Q3; empty: the last complete one"
        ),
    },
    default_args={"retries": 2, "retry_policy": wiring.RETRY_UNREACHABLE},
)
def quarterly_review() -> None:
    """Wire one quarter's review."""

    @task
    def choose_quarter() -> str:
        from driftline import quarters

        return quarters.choose(wiring.run_conf(), now=datetime.now(UTC))

    @task
    def build(quarter: str) -> str:
        from driftline import transform

        now = datetime.now(UTC)
        report = transform.build(wiring.settings(), night_id=None, as_of_at=now, quarter=quarter, now=now)
        return str(report.build_id)

    @task
    def check(build_id: str) -> str:
        from driftline import quality

        quality.check(wiring.settings(), build_id=build_id, now=datetime.now(UTC))
        return build_id

    @task(outlets=[wiring.REVIEW])
    def publish(build_id: str) -> list[str]:
        from driftline import publish

        report = publish.publish(wiring.settings(), build_id=build_id, now=datetime.now(UTC))
        return list(report.published_client_ids)

    @task(map_index_template="{{ task.op_kwargs['client_id'] }}")
    def render_page(client_id: str, quarter: str) -> str:
        from driftline import review_page

        settings = wiring.settings()
        folder = settings.build_folder / "review" / quarter
        return str(review_page.render(settings, client_id=client_id, quarter=quarter, folder=folder))

    @task(trigger_rule=TriggerRule.ALL_DONE)
    def alert(build_id: str | None) -> None:
        from driftline import alerts

        alerts.send(wiring.settings(), night_id=wiring.run_id(), build_id=build_id, now=datetime.now(UTC))

    quarter = choose_quarter()
    built = build(quarter)
    published = publish(check(built))
    pages = render_page.partial(quarter=quarter).expand(client_id=published)
    told = alert(built)
    pages >> told
    # Airflow judges a run by its last tasks, and the message goes out whatever happened: without this, always green.
    [published, pages, told] >> EmptyOperator(task_id="done", trigger_rule=TriggerRule.NONE_FAILED)


quarterly_review()
