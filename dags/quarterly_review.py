"""# Quarterly review

Builds one quarter for every client, checks it, asks for approval, publishes what passed, seals it where the quarter is
over, and renders one page per client.

`choose_quarter → build → check → propose → approve → record_answer → publish → seal → render_page (one per client) →
alert → done`, and `record_answer → close_access → done`; beside the seal `render_docs` writes the checks' Data Docs.

What is asked names the quarter's open reviews of access, too: the same approval closes those of which everything is
decided. `driftline access close` does the same for one client, with named exceptions.

`approve` waits under *Required Actions* for an answer by somebody who is logged in: Approve or Reject, with a comment.
An answer within three seconds of the question fails in this version of Airflow. Without one within
DRIFTLINE_APPROVAL_HOURS (72), nothing is published, and the message says so. What was answered stands in
`ops.review_decision`. Nights may run in between: then the approved numbers are built once more, and published only if
they come out the same.

Run configuration (any other key is refused by `choose_quarter`):

* `quarter`: `2026Q3`; without it the last complete one

The pages lie in `review/<quarter>/` below `DRIFTLINE_BUILD_DIR`: one self-contained HTML file per client.

## If it fails

* `choose_quarter`: the message names the key or the value it dislikes. Trigger the run again with the right one.
* `build`: `ops.dbt_result` has the failing node. Nothing was published.
* `check`: a rule that says no closes a client's gate and leaves this task green; a red task means that the check broke.
* `propose`: the warehouse went away. Clear the task.
* `approve`: nobody answered in time, or too early. Clear it together with what follows, and answer.
* `record_answer`: the message says what was answered, or that whoever answered has no name. Clear `approve` and answer.
* `publish`: nothing is half-written. Where numbers came out otherwise than approved, trigger the review anew; else
  clear the task.
* `close_access`: the warehouse went away. Clear the task. A review that is not finished stays open and leaves it green;
  its log says why.
* `seal`: the message names the client and the reason; what is sealed stays sealed. Clear the task.
* `alert`: clear the task.
* `render_docs`: the numbers are published all the same. Clear the task, or run `driftline docs`.
* `render_page`: the numbers are published all the same. Clear the one task.
"""

from __future__ import annotations

import os
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import wiring
from airflow.providers.standard.operators.empty import EmptyOperator
from airflow.providers.standard.operators.hitl import HITLOperator
from airflow.sdk import Param, TriggerRule, dag, task
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException

APPROVAL_HOURS = 72


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

    @task
    def propose(build_id: str) -> dict[str, object]:
        from driftline import quarter_close

        return asdict(quarter_close.propose(wiring.settings(), build_id=build_id))

    @task(trigger_rule=TriggerRule.ALL_DONE)
    def record_answer(proposal: dict[str, object] | None, answer: dict[str, object] | None) -> dict[str, str]:
        from driftline import quarter_close

        if proposal is None:
            raise AirflowFailException("There was nothing to ask about. See the task before that failed.")
        found = quarter_close.record(
            wiring.settings(),
            build_id=str(proposal["build_id"]),
            answer=answer,
            run_id=wiring.run_id(),
            now=datetime.now(UTC),
        )
        if found.outcome == quarter_close.REJECTED:
            raise AirflowSkipException(f"Not published: {found.reason}.")
        if found.decision is None:
            raise AirflowFailException(f"Not published: {found.reason}.")
        return asdict(found.decision)

    @task(outlets=[wiring.REVIEW], multiple_outputs=False)
    def publish(proposal: dict[str, Any], decision: dict[str, str]) -> dict[str, Any]:
        from driftline import publish, quarter_close, sealing

        settings, now = wiring.settings(), datetime.now(UTC)
        build_id = quarter_close.restore(
            settings,
            proposal=quarter_close.Proposal(**proposal),
            decision=sealing.Decision(**decision),
            run_id=wiring.run_id(),
            now=now,
        )
        report = publish.publish(settings, build_id=build_id, now=now)
        return {"build_id": build_id, "client_ids": list(report.published_client_ids)}

    @task
    def seal(published: dict[str, Any], decision: dict[str, str]) -> list[str]:
        from driftline import sealing

        sealing.seal(
            wiring.settings(),
            build_id=published["build_id"],
            decision=sealing.Decision(**decision),
            now=datetime.now(UTC),
        )
        return list(published["client_ids"])

    @task
    def close_access(quarter: str, decision: dict[str, str]) -> dict[str, str]:
        from driftline import sealing
        from driftline.access_review import cycle

        said = sealing.Decision(**decision)
        return cycle.close_all(wiring.settings(), quarter=quarter, decision=said, now=datetime.now(UTC))

    @task(map_index_template="{{ task.op_kwargs['client_id'] }}")
    def render_page(client_id: str, quarter: str) -> str:
        from driftline import review_page

        settings = wiring.settings()
        folder = settings.build_folder / "review" / quarter
        return str(review_page.render(settings, client_id=client_id, quarter=quarter, folder=folder))

    @task
    def render_docs(published: dict[str, Any]) -> str:
        from driftline.quality import data_docs

        return str(data_docs.render(wiring.settings(), build_id=published["build_id"]))

    @task(trigger_rule=TriggerRule.ALL_DONE)
    def alert(build_id: str | None) -> None:
        from driftline import alerts

        alerts.send(wiring.settings(), night_id=wiring.run_id(), build_id=build_id, now=datetime.now(UTC))

    quarter = choose_quarter()
    built = build(quarter)
    proposal = propose(check(built))
    asked = HITLOperator(
        task_id="approve",
        subject="Publish {{ ti.xcom_pull(task_ids='choose_quarter') }} to its readers?",
        body="{{ ti.xcom_pull(task_ids='propose')['text'] }}",
        options=["Approve", "Reject"],
        params={"comment": Param("", type="string", description="What you want to be on record")},
        response_timeout=timedelta(hours=float(os.environ.get("DRIFTLINE_APPROVAL_HOURS") or APPROVAL_HOURS)),
        retries=0,
    )
    proposal >> asked
    decision = record_answer(proposal, asked.output)
    published = publish(proposal, decision)
    render_docs(published)
    sealed = seal(published, decision)
    closed = close_access(quarter, decision)
    pages = render_page.partial(quarter=quarter).expand(client_id=sealed)
    told = alert(built)
    pages >> told
    # Airflow judges a run by its last tasks, and the message goes out whatever happened: without this, always green.
    [decision, published, sealed, closed, pages, told] >> EmptyOperator(
        task_id="done", trigger_rule=TriggerRule.NONE_FAILED
    )


quarterly_review()
