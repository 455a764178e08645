"""Somebody's word on a quarter: what is asked, what each answer leads to, and that nothing else is published."""

from datetime import timedelta

import pytest
from driftline import alerts, publish, quarter_close, sealing
from driftline.errors import GateError

from tests.sealing.conftest import AS_OF_AT, CLIENT, QUARTER, SEALED_AT

LATER = SEALED_AT + timedelta(hours=20)


def answer(option="Approve", name="K. Ioannou", comment="as discussed"):
    return {
        "chosen_options": [option], "params_input": {"comment": comment}, "responded_at": "2026-10-05T09:00:00Z",
        "responded_by_user": {"id": "1", "name": name} if name else None,
    }  # fmt: skip


def record(closed, given):
    warehouse, build_id = closed
    return quarter_close.record(warehouse.settings, build_id=build_id, answer=given, run_id="run", now=SEALED_AT)


def test_what_is_asked_names_the_quarter_and_what_would_not_be_shown(closed):
    warehouse, build_id = closed
    warehouse.rows(
        "insert into quality.voided_kpi values (%s, 'aegean', 'ticket_trend', 'its own check failed')", build_id
    )
    proposal = quarter_close.propose(warehouse.settings, build_id=build_id)
    assert proposal.text.splitlines() == [
        f"**{QUARTER}** as of 2026-10-01 06:00 UTC, build `{build_id}`.",
        "",
        "1 clients would be published.",
        "",
        "Shown as n/a:",
        "- aegean: ticket_trend: its own check failed",
    ]
    assert set(proposal.digests) == {CLIENT}


@pytest.mark.parametrize(
    ("given", "outcome", "said"),
    [
        (answer(), "approved", ""),
        (
            answer("Reject", comment="ticket numbers look odd"),
            "rejected",
            "K. Ioannou rejected it: ticket numbers look",
        ),
        (answer("Reject", name="Anonymous"), "rejected", "somebody rejected it"),
        (answer(name="Anonymous"), "refused", "whoever approved it has no name"),
        (answer(name=None), "refused", "whoever approved it has no name"),
        (None, "timed out", "nobody approved it in time"),
    ],
)
def test_every_answer_is_kept_and_told(closed, given, outcome, said):
    warehouse, build_id = closed
    warehouse.rows("delete from review.publication")
    found = record(closed, given)
    assert found.outcome == outcome
    assert (found.decision is not None) is (outcome == "approved")
    ((kept, name),) = warehouse.rows("select outcome, decided_by from ops.review_decision")
    assert (kept, name) == (
        outcome,
        "K. Ioannou" if given and given["responded_by_user"] and "Anon" not in str(given) else None,
    )
    body = alerts.send(warehouse.settings, night_id="review", build_id=build_id, now=SEALED_AT).body
    assert f"CRITICAL, new: not published of {QUARTER}: {said}" in body


def test_the_approved_build_is_published_where_nothing_came_in_between(closed):
    warehouse, build_id = closed
    proposal = quarter_close.propose(warehouse.settings, build_id=build_id)
    decision = record(closed, answer()).decision
    restored = quarter_close.restore(warehouse.settings, proposal=proposal, decision=decision, run_id="run", now=LATER)
    assert restored == build_id


def test_after_a_night_the_approved_numbers_are_built_again_published_and_sealed(closed):
    from driftline import transform

    warehouse, build_id = closed
    proposal = quarter_close.propose(warehouse.settings, build_id=build_id)
    decision = record(closed, answer()).decision
    transform.build(warehouse.settings, night_id=None, as_of_at=AS_OF_AT + timedelta(days=1), quarter=None, now=LATER)
    arguments = {"proposal": proposal, "decision": decision, "run_id": "run", "now": LATER}
    restored = quarter_close.restore(warehouse.settings, **arguments)
    assert restored != build_id
    assert publish.publish(warehouse.settings, build_id=restored, now=LATER).published_client_ids == (CLIENT,)
    (report,) = sealing.seal(warehouse.settings, build_id=restored, decision=decision, now=LATER)
    assert report.version == 1
    ((decisions,),) = warehouse.rows("select manifest -> 'decisions' from review.seal")
    assert [(item["outcome"], item["decided_by"], item["comment"]) for item in decisions] == [
        ("approved", "K. Ioannou", "as discussed")
    ]
    changed = quarter_close.Proposal(proposal.build_id, proposal.text, {CLIENT: "another"})
    with pytest.raises(GateError, match="2026Q3 came out otherwise than approved for aegean; nothing was published"):
        quarter_close.restore(warehouse.settings, **{**arguments, "proposal": changed, "now": LATER + timedelta(1)})
