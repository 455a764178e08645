"""One message a night: what it says, what it leaves out, and where it goes."""

import logging
import socket
import time
from dataclasses import replace
from datetime import timedelta

import pytest
from driftline import alerts
from driftline.errors import AlertError

from tests.alerts.receivers import mail_server, webhook
from tests.quality import candidates
from tests.quality.candidates import AS_OF_AT, NOW

CLIENTS = ["acme", "beta", "gamma"]
_OPS = ["ops.night", "ops.client_run", "ops.build", "ops.build_client"]
GATES = """
    insert into quality.gate select build_id, client_id, true, '', %s, 'nightly'
    from ops.build_client where build_id = %s;
    insert into review.publication (client_id, quarter, build_id, is_published, as_of_at, published_at)
    select client_id, '2026Q4', build_id, true, %s, %s from ops.build_client where build_id = %s
"""


class Nights:
    """Nights of three clients, all of them good until a test spoils one."""

    def __init__(self, warehouse):
        self.warehouse = warehouse
        self.count = 0
        candidates.fill(warehouse, CLIENTS, only=["ops.client"])

    def good(self):
        self.count += 1
        night_id, build_id, moment = f"night-{self.count}", f"build-{self.count}", self.now
        candidates.fill(
            self.warehouse, CLIENTS, build_id=build_id, night_id=night_id, as_of_at=self.as_of_at, only=_OPS
        )
        self.warehouse.rows(GATES, moment, build_id, moment, moment, build_id)
        return self

    @property
    def as_of_at(self):
        return AS_OF_AT + timedelta(days=self.count - 1)

    @property
    def now(self):
        return NOW + timedelta(days=self.count - 1)

    def unread(self, client_id, error_class="SourceUnavailable", message="connection to 127.0.0.1 port 5432 refused"):
        self.warehouse.rows(
            "update ops.client_run set state = 'failed', read_at = null, error_class = %s, error_message = %s"
            " where night_id = %s and client_id = %s",
            error_class, message, f"night-{self.count}", client_id,
        )  # fmt: skip
        return self.closed(client_id, "not read tonight: refused")

    def closed(self, client_id, reason):
        build_id = f"build-{self.count}"
        self.warehouse.rows(
            "update quality.gate set is_open = false, reason = %s where build_id = %s and client_id = %s;"
            "update review.publication set is_published = false where build_id = %s and client_id = %s",
            reason, build_id, client_id, build_id, client_id,
        )  # fmt: skip
        return self

    def failing(self, client_id, severity="warning", rows=6):
        self.warehouse.rows(
            "insert into quality.check_result (build_id, suite, expectation, severity, client_id, is_passed,"
            " failing_count, failing_keys, checked_at) values"
            " (%s, 'review_candidate.scorecard', 'wholly_complete', %s, %s, false, %s, '[{\"login\": \"x\"}]', %s)",
            f"build-{self.count}", severity, client_id, rows, self.now,
        )  # fmt: skip
        return self

    def send(self, *urls, **arguments):
        settings = replace(self.warehouse.settings, alert_urls=tuple(urls))
        return alerts.send(settings, **{"night_id": f"night-{self.count}", "now": self.now, **arguments})


@pytest.fixture
def nights(warehouse):
    return Nights(warehouse)


def test_a_good_night_is_one_message_that_says_so(nights):
    report = nights.good().send()
    assert report.title == "Driftline: all well"
    assert report.body == (
        "night-1, as of 2026-11-21 02:00 UTC: 3 of 3 clients read, 3 published.\n\nNothing new since the last message."
    )


def test_without_a_route_the_message_is_kept_and_said_to_be(nights):
    report = nights.good().send()
    assert (report.is_delivered, report.failure) == (False, "no route is configured (DRIFTLINE_ALERT_URLS is empty)")
    assert nights.warehouse.rows("select night_id, body, is_delivered, failure, sent_at from ops.alert_message") == [
        ("night-1", report.body, False, report.failure, NOW)
    ]


def test_a_client_that_was_not_read_is_told_with_since_when_why_and_what_to_do(nights):
    nights.good().send()
    report = nights.good().unread("beta").send()
    assert report.title == "Driftline: 1 critical, 0 warnings"
    assert report.body.splitlines() == [
        "night-2, as of 2026-11-22 02:00 UTC: 2 of 3 clients read, 2 published, 1 kept back.",
        "",
        "CRITICAL, new: beta: not read since 2026-11-21 02:00 UTC:"
        " SourceUnavailable: connection to 127.0.0.1 port 5432 refused",
        "  What is published stays as it was. Try again: driftline run --client beta",
        "  See docs/runbooks/client-not-read.md",
    ]


def test_what_stays_as_it_was_is_only_counted(nights):
    nights.good().unread("beta").failing("acme").send()
    nights.good().unread("beta", message="connection to 127.0.0.1 port 6543 refused").failing("acme", rows=5)
    report = nights.send()
    assert report.title == "Driftline: 1 critical, 1 warning"
    assert report.body.splitlines()[2:] == [
        "Nothing new since the last message.",
        "Still open, told before: 1 critical, 1 warning. Who: driftline status",
    ]
    assert (report.opened_count, report.changed_count, report.closed_count, report.still_open_count) == (0, 0, 0, 2)


def test_the_worst_comes_first(nights):
    body = (
        nights.good()
        .failing("acme")
        .closed("beta", "failed: Every client has all six KPIs")
        .unread("gamma")
        .send()
        .body
    )
    told = [line for line in body.splitlines() if ", new: " in line]
    assert [line.split(": ")[:2] for line in told] == [
        ["CRITICAL, new", "beta"], ["CRITICAL, new", "gamma"], ["WARNING, new", "acme"]]  # fmt: skip
    assert told[0] == "CRITICAL, new: beta: not published: failed: Every client has all six KPIs"
    assert told[2] == "WARNING, new: acme: review_candidate.scorecard: wholly complete does not hold (6 rows)"


def test_what_befell_several_clients_alike_is_one_line(nights):
    nights.good().closed("gamma", "failed: x").closed("acme", "failed: x").closed("beta", "failed: y")
    told = [line for line in nights.send().body.splitlines() if line.startswith("CRITICAL")]
    assert told == [
        "CRITICAL, new: acme, gamma: not published: failed: x",
        "CRITICAL, new: beta: not published: failed: y",
    ]
    nights.good()
    assert nights.send().body.splitlines()[2:] == [
        "OVER: acme, beta, gamma: gate closed; open since 2026-11-21 02:30 UTC"
    ]


def test_another_cause_is_told_as_a_change(nights):
    nights.good().unread("beta").send()
    report = nights.good().unread("beta", "SourceAccessDenied", "permission denied for table res_users").send()
    assert report.body.splitlines()[2] == (
        "CRITICAL, changed: beta: never read: SourceAccessDenied: permission denied for table res_users"
        " (open since 2026-11-21 02:30 UTC)"
    )
    assert (report.opened_count, report.changed_count) == (0, 1)


def test_a_warning_that_becomes_critical_is_told_as_worse(nights):
    nights.good().unread("beta").send()
    nights.warehouse.rows("update ops.alert_state set severity = 'warning'")
    report = nights.good().unread("beta").send()
    assert report.body.splitlines()[2].startswith("CRITICAL, worse: beta: ")


def test_what_is_over_is_told_once(nights):
    nights.good().unread("beta").failing("*").send()
    report = nights.good().send()
    assert report.title == "Driftline: all well"
    assert report.body.splitlines()[2:] == [
        "OVER: beta: not read; open since 2026-11-21 02:30 UTC",
        "OVER: warning review_candidate.scorecard: wholly_complete; open since 2026-11-21 02:30 UTC",
    ]
    assert nights.good().send().body.splitlines()[2:] == ["Nothing new since the last message."]


def test_what_opens_again_counts_from_then(nights):
    nights.good().unread("beta").send()
    nights.good().send()
    nights.good().unread("beta").send()
    assert nights.warehouse.rows("select opened_at, closed_at from ops.alert_state") == [
        (NOW + timedelta(days=2), None)
    ]


def test_a_night_that_did_not_look_says_nothing_is_over(nights):
    nights.good().unread("beta").failing("acme").closed("gamma", "failed: x").send()
    nights.good()
    nights.warehouse.rows("update ops.night set client_ids = '{acme}' where night_id = 'night-2'")
    nights.warehouse.rows("delete from quality.gate where build_id = 'build-2'")
    nights.warehouse.rows(
        "update ops.build set state = 'failed', error_message = 'review_scorecard: division by zero'"
        " where build_id = 'build-2'"
    )
    report = nights.send()
    assert report.body.splitlines()[2:] == [
        "CRITICAL, new: marts not built: review_scorecard: division by zero",
        "  Nothing was published. The failing node: ops.dbt_result",
        "  See docs/runbooks/marts-not-built.md",
        "Still open, told before: 2 critical, 1 warning. Who: driftline status",
    ]


def test_a_client_that_is_not_read_does_not_seem_to_have_passed_its_checks(nights):
    nights.good().closed("beta", "failed: x").send()
    report = nights.good().unread("beta").send()
    assert (report.opened_count, report.closed_count, report.still_open_count) == (1, 0, 1)


def test_in_quiet_hours_warnings_wait_and_what_is_critical_does_not(nights, tmp_path):
    policy = 'quiet_hours: {from: "03:00", until: "06:00", timezone: Europe/Athens}\nfinished_night_within_hours: 26\n'
    (tmp_path / "alerts.yml").write_text(policy)
    settings = replace(nights.warehouse.settings, policies_from=tmp_path)
    nights.good().unread("beta").failing("acme")
    body = alerts.send(settings, night_id="night-1", now=NOW).body  # 04:30 in Athens
    assert "CRITICAL, new: beta" in body
    assert "acme" not in body
    assert "Quiet hours: news of 1 warnings wait for the next message after them." in body
    later = alerts.send(settings, night_id="night-1", now=NOW + timedelta(hours=2)).body
    assert "WARNING, new: acme: review_candidate.scorecard: wholly complete does not hold (6 rows)" in later
    assert "CRITICAL, new" not in later


def test_a_client_that_left_is_over(nights):
    nights.good().unread("beta").send()
    nights.good()
    nights.warehouse.rows("update ops.night set client_ids = '{acme}' where night_id = 'night-2'")
    nights.warehouse.rows("update ops.client set is_active = false where client_id = 'beta'")
    assert nights.send().closed_count == 1


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        ("delete from ops.build_client; delete from quality.gate; delete from ops.build",
         "marts not built: no build began"),
        ("update ops.build set state = 'running'", "marts not built: its state is 'running'"),
        ("delete from quality.gate", "not checked: the suites were not run to their end"),
        ("delete from review.publication", "not published: what passed its checks did not reach its readers"),
    ],
)  # fmt: skip
def test_a_step_that_did_not_do_its_work_is_named(nights, spoil, said):
    nights.good().warehouse.rows(spoil)
    assert f"CRITICAL, new: {said}" in nights.send().body


def test_a_night_that_was_never_planned_still_sends_its_message(nights):
    nights.good()
    report = nights.send(night_id="scheduled__2026-11-22")
    assert report.body.splitlines()[2] == (
        "CRITICAL, new: run not begun: scheduled__2026-11-22 left no trace in the warehouse"
    )


def test_a_named_quarters_build_has_findings_of_its_own(nights):
    nights.good().closed("beta", "failed: tonight").send()
    nights.warehouse.rows(
        "insert into ops.build values ('build-q', null, %s, '2026Q3', false, 'succeeded', %s, %s, null);"
        "insert into quality.gate values"
        " ('build-q', 'beta', true, '', %s, 'quarterly'), ('build-q', 'acme', false, 'failed: y', %s, 'quarterly');"
        "insert into review.publication (client_id, quarter, build_id, is_published, as_of_at, published_at)"
        " values ('beta', '2026Q3', 'build-q', true, %s, %s), ('acme', '2026Q3', 'build-q', false, %s, %s)",
        *[NOW] * 9,
    )
    report = nights.send(night_id="manual__1", build_id="build-q")
    assert report.body.splitlines() == [
        "manual__1, as of 2026-11-21 02:30 UTC: 1 published of 2026Q3, 1 kept back.",
        "",
        "CRITICAL, new: acme: not published of 2026Q3: failed: y",
        "  What is published stays as it was. Look closer: driftline check --build build-q",
        "  See docs/runbooks/gate-closed.md",
        "Still open, told before: 1 critical, 0 warnings. Who: driftline status",
    ]
    report = nights.good().send()
    assert report.body.splitlines()[2] == "OVER: beta: gate closed; open since 2026-11-21 02:30 UTC"
    assert report.still_open_count == 1


def test_a_recomputed_past_day_says_that_it_read_nothing(nights):
    nights.good().unread("beta").send()
    nights.good()
    nights.warehouse.rows("update ops.night set is_recomputation = true where night_id = 'night-2'")
    report = nights.send()
    assert report.body.startswith("night-2, as of 2026-11-22 02:00 UTC: nothing read (a past day), 3 published.")
    assert report.still_open_count == 1


def test_no_key_and_no_long_text_of_a_source_is_told(nights):
    message = "value too long\nDETAIL: Failing row contains (7, sales1@example.org)" + "x" * 5000
    body = nights.good().unread("beta", "SourceShapeError", message).failing("acme").send().body
    assert "SourceShapeError: value too long" in body
    assert "login" not in body
    assert "example.org" not in body
    assert len(body) < 1000


def test_the_message_arrives_at_a_webhook_as_it_is_stored(nights):
    with webhook() as (port, received):
        report = nights.good().unread("beta").send(f"json://127.0.0.1:{port}/hook")
    assert (report.is_delivered, report.failure) == (True, "")
    assert [(item["title"], item["message"]) for item in received] == [(report.title, report.body)]
    assert nights.warehouse.rows("select body, is_delivered, failure from ops.alert_message") == [
        (report.body, True, None)
    ]


def test_the_message_arrives_by_mail(nights):
    with mail_server() as (port, received):
        report = (
            nights.good()
            .unread("beta")
            .send(f"mailto://127.0.0.1:{port}?from=driftline@example.org&to=ops@example.org&mode=insecure&format=text")
        )
    assert report.is_delivered
    (mail,) = received
    assert mail["To"] == "ops@example.org"
    assert mail["Subject"] == "Driftline: 1 critical, 0 warnings"
    text = (
        mail.get_payload(decode=True).decode()
        if not mail.is_multipart()
        else "".join(part.get_payload(decode=True).decode() for part in mail.walk() if not part.is_multipart())
    )
    assert [line.strip() for line in text.strip().splitlines()] == [line.strip() for line in report.body.splitlines()]


def test_a_route_that_refuses_is_an_error_is_stored_and_told_the_next_time(nights, caplog, capfd):
    caplog.set_level(logging.DEBUG)
    nights.good().unread("beta")
    with pytest.raises(AlertError) as raised:
        nights.send("json://user:CANARY-password@127.0.0.1:9/CANARY-token")
    failure = "route 1 of 1 (json) refused the message or could not be reached"
    assert failure in str(raised.value)
    stored = nights.warehouse.rows("select is_delivered, failure, body from ops.alert_message")
    assert [row[:2] for row in stored] == [(False, failure)]
    assert nights.warehouse.rows("select count(*) from ops.alert_state") == [(0,)]  # nobody was told
    with webhook() as (port, received):
        nights.good().unread("beta").send(f"json://127.0.0.1:{port}/CANARY-token")
    lines = received[0]["message"].splitlines()
    assert lines[2].startswith("CRITICAL, new: beta: never read")
    assert lines[-1] == f"Not delivered before: night-1, 2026-11-21 02:30 UTC: {failure}"
    output = caplog.text + "".join(capfd.readouterr()) + str(raised.value) + repr(raised.value) + str(stored)
    assert "CANARY" not in output
    assert "Not delivered" not in nights.good().send().body


@pytest.mark.parametrize(
    ("url", "failure"),
    [
        ("nonsense", "route 1 of 2 (no scheme) is not an address that Apprise knows"),
        ("carrier-pigeon://coop/CANARY", "route 1 of 2 (carrier-pigeon) is not an address that Apprise knows"),
    ],
)
def test_one_bad_route_does_not_keep_the_message_from_the_others(nights, url, failure):
    with webhook() as (port, received), pytest.raises(AlertError, match="not delivered everywhere") as raised:
        nights.good().unread("beta").send(url, f"json://127.0.0.1:{port}")
    assert len(received) == 1
    assert failure in str(raised.value)
    assert "CANARY" not in str(raised.value)
    assert nights.warehouse.rows("select client_id, finding from ops.alert_state") == [("beta", "not read")]


def test_a_server_that_answers_with_an_error_has_not_taken_the_message(nights):
    with webhook(status=500) as (port, received), pytest.raises(AlertError):
        nights.good().send(f"json://127.0.0.1:{port}")
    assert len(received) == 2  # it was tried twice


def test_a_server_that_never_answers_does_not_hold_the_night_up(nights):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        started = time.monotonic()
        with pytest.raises(AlertError, match="could not be reached"):
            nights.good().send(f"json://127.0.0.1:{silent.getsockname()[1]}")
    assert time.monotonic() - started < 20


def test_sending_again_for_the_same_night_repeats_no_news(nights):
    first = nights.good().unread("beta").send()
    second = nights.send()
    assert (first.opened_count, second.opened_count, second.still_open_count) == (1, 0, 1)


def proven(nights, client_id, verdict, *, held=0, live=100):
    """Say what the last night's proof of partners came to."""
    nights.warehouse.rows(
        "insert into ops.completeness (night_id, client_id, model, source_count, warehouse_count, tombstone_count,"
        " held_count, method, verdict, checked_at)"
        " values (%s, %s, 'res.partner', 80, %s, 0, %s, 'list of keys', %s, %s)",
        f"night-{nights.count}", client_id, live, held, verdict, nights.now,
    )  # fmt: skip


def test_held_deletions_are_told_with_both_ways_out_and_are_over_when_they_are(nights):
    nights.good()
    proven(nights, "beta", "held", held=20)
    assert nights.send().body.splitlines()[2:] == [
        "CRITICAL, new: beta: deletions held: res.partner 20: more rows are missing than is believed, they stay as they"
        " were",
        "  If they are gone indeed: driftline reconcile --client beta --accept-deletions. Else look at the account's"
        " rights: driftline check-client --client beta",
        "  See docs/runbooks/deletions-held.md",
    ]
    nights.good()
    proven(nights, "beta", "held", held=23)
    assert "Still open, told before: 1 critical" in nights.send().body
    nights.good().unread("beta")
    assert "OVER" not in nights.send().body  # nobody looked
    nights.good()
    proven(nights, "beta", "complete")
    assert "OVER: beta: deletions held" in nights.send().body


def test_a_model_out_of_sight_is_told_and_one_that_never_was_in_sight_is_not_critical(nights):
    nights.good()
    proven(nights, "beta", "hidden", live=100)
    proven(nights, "acme", "hidden", live=0)
    nights.warehouse.rows(
        "insert into ops.visibility (client_id, model, verdict, reason, night_id, checked_at)"
        " values ('acme', 'res.partner', 'none', 'no right', 'night-1', %s)",
        nights.now,
    )
    told = [line for line in nights.send().body.splitlines() if ", new: " in line]
    assert [line.split(": ")[:3] for line in told] == [
        ["CRITICAL, new", "beta", "models out of sight"],
        ["WARNING, new", "acme", "models partly visible"],
    ]


def test_a_reconciliation_is_a_message_of_its_own_that_misses_no_build(nights):
    nights.good().send()
    nights.warehouse.rows(
        "insert into ops.night (night_id, as_of_at, client_ids, state, started_at, kind)"
        " values ('weekly', %s, '{acme,beta,gamma}', 'finished', %s, 'reconcile');"
        "insert into ops.client_run (night_id, client_id, state, read_at, started_at)"
        " select 'weekly', client_id, 'succeeded', %s, %s from ops.client;"
        "insert into ops.reconciliation values ('weekly', 'gamma', 'res.users', 'every value read and compared', 50, 3,"
        " 'repaired', 1, %s), ('weekly', 'acme', 'res.users', 'every value read and compared', 50, 0, 'equal', 1, %s)",
        *[nights.as_of_at] * 6,
    )
    body = nights.send(night_id="weekly").body.splitlines()
    assert body[0] == "weekly, as of 2026-11-21 02:00 UTC: 3 of 3 clients read, every value compared."
    assert [line for line in body if ", new: " in line] == [
        "WARNING, new: gamma: values repaired: res.users 3: values differed although the nights had seen no change"
    ]
    assert "OVER" not in nights.good().send().body  # only another reconciliation can say so
