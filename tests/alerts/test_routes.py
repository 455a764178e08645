"""Who is told of which client: everybody's routes of all, a client's own routes of that client and no other."""

from dataclasses import replace
from datetime import timedelta

import pytest
import yaml
from driftline import alerts
from driftline.alerts import finding
from driftline.errors import AlertError, ConfigError
from driftline.registry import load_registry
from driftline.settings import Settings

from tests.alerts.receivers import answering, mail_server, webhook
from tests.alerts.test_alerts import Nights
from tests.conftest import REPOSITORY

TOLD = {
    "acme": {"owner": "K. Ioannou", "routes": ["acme_team"]},
    "beta": {"owner": "M. Stathis", "routes": ["beta_team", "islands"]},
    "gamma": {"routes": ["islands"]},
}


@pytest.fixture
def nights(warehouse, registry_file):
    return Nights(registry_file(warehouse, **{name: {"alerts": entry} for name, entry in TOLD.items()}))


def send(nights, *urls, **routes):
    settings = replace(nights.warehouse.settings, alert_urls=urls, alert_routes=routes)
    return alerts.send(settings, night_id=f"night-{nights.count}", now=nights.now)


def hook(port):
    return (f"json://127.0.0.1:{port}",)


def test_each_route_is_told_of_its_clients_and_everybody_of_all(nights):
    nights.good().unread("beta").failing("acme").failing("gamma", rows=3)
    with (
        webhook() as (all_port, everybody), webhook() as (acme_port, acme),
        webhook() as (beta_port, beta), webhook() as (islands_port, islands),
    ):  # fmt: skip
        report = send(
            nights, *hook(all_port), acme_team=hook(acme_port), beta_team=hook(beta_port), islands=hook(islands_port)
        )
    assert [item["message"] for item in everybody] == [report.body]
    (to_acme,), (to_beta,), (to_islands,) = acme, beta, islands
    assert to_acme["title"] == "Driftline: 0 critical, 1 warning"
    assert to_acme["message"].splitlines() == [
        "night-1, as of 2026-11-21 02:00 UTC.",
        "",
        "WARNING, new: acme: review_candidate.scorecard: wholly complete does not hold (6 rows)",
        "  Published all the same. The rows: quality.check_result, build build-1",
        "  Owner: K. Ioannou. See docs/runbooks/gate-closed.md",
    ]
    for name in ("acme", "gamma"):
        assert name not in to_beta["message"]
    assert "  Owner: M. Stathis. See docs/runbooks/client-not-read.md" in to_beta["message"].splitlines()
    assert [line.split(": ")[1] for line in to_islands["message"].splitlines() if ", new: " in line] == [
        "beta", "gamma"]  # fmt: skip
    assert "acme" not in to_islands["message"]


def test_a_route_without_news_of_its_clients_stays_quiet(nights):
    nights.good().failing("acme")
    with webhook() as (acme_port, acme), webhook() as (beta_port, beta):
        for _ in range(2):
            send(nights, acme_team=hook(acme_port), beta_team=hook(beta_port), islands=hook(beta_port))
            nights.good().failing("acme")
    assert len(acme) == 1  # the second night brought nothing new
    assert beta == []
    assert nights.warehouse.rows("select client_id from ops.alert_state") == [("acme",)]


def test_what_befell_the_whole_run_is_told_a_client_without_the_others_names(nights):
    nights.good().warehouse.rows(
        "delete from quality.gate; update ops.build set state = 'failed', error_message = 'key (gamma, 7) is twice'"
    )
    with webhook() as (all_port, everybody), webhook() as (port, received):
        send(nights, *hook(all_port), acme_team=hook(port), beta_team=hook(port), islands=hook(port))
    assert "marts not built: key (gamma, 7) is twice" in everybody[0]["message"]
    assert len(received) == 3
    for item in received:
        assert item["message"].splitlines()[2:4] == [
            "CRITICAL, new: marts not built",
            "  It concerns all clients, and is being looked at.",
        ]
        assert "gamma" not in item["message"]


def test_a_clients_route_may_be_a_mailbox(nights):
    nights.good().unread("acme")
    with mail_server() as (port, received):
        send(
            nights,
            acme_team=(f"mailto://127.0.0.1:{port}?from=driftline@example.org&to=acme@example.org&mode=insecure",),
        )
    (mail,) = received
    assert (mail["To"], mail["Subject"]) == ("acme@example.org", "Driftline: 1 critical, 0 warnings")


def test_a_route_without_an_address_is_said_and_keeps_nobody_else_from_the_message(nights):
    nights.good().failing("acme")
    with webhook() as (port, received), pytest.raises(AlertError) as raised:
        send(nights, *hook(port))
    assert "route acme_team has no address (DRIFTLINE_ALERT_ROUTES does not name it)" in str(raised.value)
    assert len(received) == 1
    with webhook() as (port, received):
        nights.good()
        send(nights, *hook(port), acme_team=hook(port))
    missed, everybody, acme = (item["message"] for item in received)
    assert "WARNING, new: acme: review_candidate.scorecard: wholly complete does not hold (6 rows)" in missed
    assert "Delivered late: night-1, 2026-11-21 02:30 UTC, to route acme_team" in everybody
    assert "OVER: acme" in acme


def test_what_a_route_missed_is_sent_to_it_once_with_its_own_clients_news_alone(nights):
    nights.good().failing("acme").unread("beta")
    with webhook() as (all_port, everybody), webhook(status=503) as (beta_port, refused):
        acme = hook(all_port)
        with pytest.raises(AlertError, match=r"route beta_team, 1 of 1 \(json\) refused"):
            send(nights, *hook(all_port), acme_team=acme, beta_team=hook(beta_port), islands=acme)
        missed = refused[0]
        # Another night it still does not answer; what is new for everybody reaches everybody.
        nights.good().failing("acme").unread("beta")
        with pytest.raises(AlertError, match=r"route beta_team, 1 of 1 \(json\) refused .*, again"):
            send(nights, *hook(all_port), acme_team=acme, beta_team=hook(beta_port), islands=acme)
        assert not [item for item in everybody if "Delivered late" in item["message"]]
        told = len(everybody)
        # Sent on the same address: the receiver answers again.
        with answering(refused) as received:
            nights.good().failing("acme").unread("beta")
            send(nights, *hook(all_port), acme_team=acme, beta_team=hook(beta_port), islands=acme)
            nights.good().failing("acme").unread("beta")
            send(nights, *hook(all_port), acme_team=acme, beta_team=hook(beta_port), islands=acme)
    (late,) = received
    assert late["title"] == f"{missed['title']} (missed before)"
    assert late["message"] == f"Not delivered on 2026-11-21 02:30 UTC:\n{missed['message']}"
    assert "acme" not in late["message"]
    lines = [line for item in everybody[told:] for line in item["message"].splitlines()]
    assert lines.count("Delivered late: night-1, 2026-11-21 02:30 UTC, to route beta_team") == 1
    outcomes = nights.warehouse.rows("select route, place, outcome, settled_at from ops.alert_missed")
    assert outcomes == [("beta_team", 1, "delivered", nights.now - timedelta(days=1))]
    kept = nights.warehouse.rows("select row_to_json(m)::text from ops.alert_missed m")[0][0]
    assert str(beta_port) not in kept


def test_what_was_missed_goes_to_no_other_address_and_to_no_route_that_lost_the_client(nights):
    nights.good().unread("beta")
    with webhook() as (port, received), webhook(status=503) as (dead_port, _):
        with pytest.raises(AlertError):
            send(nights, *hook(port), beta_team=hook(dead_port), islands=hook(dead_port))
        entries = yaml.safe_load(nights.warehouse.settings.clients_file.read_text())
        entries["clients"]["beta"]["alerts"]["routes"] = ["beta_team"]
        nights.warehouse.settings.clients_file.write_text(yaml.safe_dump(entries))
        before = len(received)
        nights.good().unread("beta")
        # The one has another address, the other is no route of this client any more.
        send(nights, *hook(port), beta_team=hook(port), islands=hook(port))
        late = received[before:]
    assert [item["title"] for item in late] == ["Driftline: 1 critical, 0 warnings"]
    for route in ("beta_team", "islands"):
        line = f"Not sent again, its route is another now: night-1, 2026-11-21 02:30 UTC, to route {route}"
        assert line in late[0]["message"].splitlines()
    assert nights.warehouse.rows("select distinct outcome from ops.alert_missed") == [("given up",)]


def test_what_nobody_took_is_told_by_the_next_message_and_not_sent_twice(nights):
    nights.good().unread("beta")
    with webhook(status=503) as (port, refused):
        with pytest.raises(AlertError):
            send(nights, *hook(port), beta_team=hook(port), islands=hook(port))
        assert nights.warehouse.rows("select * from ops.alert_missed") == []
        with answering(refused) as received:
            nights.good().unread("beta")
            send(nights, *hook(port), beta_team=hook(port), islands=hook(port))
    assert len(received) == 3
    assert all("CRITICAL, new: beta" in item["message"] for item in received)


def test_a_registry_that_is_broken_does_not_keep_the_message_that_says_so(nights):
    nights.good().unread("beta")
    nights.warehouse.settings.clients_file.write_text("clients: {acme: {nmae: x}}")
    with webhook() as (port, received), pytest.raises(AlertError, match=r"own routes are not known: .*'nmae'"):
        send(nights, *hook(port))
    assert "CRITICAL, new: beta" in received[0]["message"]


def test_a_route_that_fails_once_is_tried_again(nights):
    nights.good().unread("beta")
    with webhook(first_status=503) as (port, received):
        assert send(nights, *hook(port), beta_team=hook(port), islands=hook(port)).is_delivered
    assert len(received) == 4
    assert received[0] == received[1]


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"owner": "K", "route": ["x"]}, "client 'acme': unknown key 'route' in alerts. Did you mean 'routes'?"),
        ({"routes": ["Acme Team"]}, "client 'acme': alerts.routes.0"),
        ({"routes": ["json://user:secret@host"]}, "client 'acme': alerts.routes.0"),
        ({"routes": ["a", "a"]}, "a route is named twice"),
        ({"owner": " "}, "client 'acme': alerts.owner"),
    ],
)
def test_who_is_told_is_declared_strictly(tmp_path, entry, message):
    path = tmp_path / "clients.yml"
    client = {"name": "Acme", "timezone": "UTC", "tickets": {"source": "helpdesk"}, "alerts": entry}
    path.write_text(yaml.safe_dump({"clients": {"acme": client}}))
    with pytest.raises(ConfigError) as raised:
        load_registry(path)
    assert message in str(raised.value)
    assert "secret" not in str(raised.value)


def test_addresses_of_routes_come_from_the_environment_and_are_in_no_repr():
    env = {
        "DRIFTLINE_WAREHOUSE_URL": "postgresql://h/d", "DRIFTLINE_HASH_SALT": "salt",
        "DRIFTLINE_ALERT_ROUTES": "acme_team=json://one/CANARY?a=b islands=json://three acme_team=json://two",
    }  # fmt: skip
    settings = Settings.from_environment(env)
    assert settings.alert_routes == {
        "acme_team": ("json://one/CANARY?a=b", "json://two"), "islands": ("json://three",)}  # fmt: skip
    assert "CANARY" not in repr(settings)
    for wrong in ("json://CANARY", "Acme=json://CANARY", "acme="):
        with pytest.raises(ConfigError, match="DRIFTLINE_ALERT_ROUTES: entry 2 is not a route's name") as raised:
            Settings.from_environment({**env, "DRIFTLINE_ALERT_ROUTES": f"a=json://x {wrong}"})
        assert "CANARY" not in str(raised.value)


def test_every_runbook_that_messages_name_is_there():
    assert len(set(finding._RUNBOOKS.values())) >= 7
    for name in finding._RUNBOOKS.values():
        assert (REPOSITORY / "docs" / "runbooks" / f"{name}.md").is_file(), name
