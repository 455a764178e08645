"""Who is told of which client: everybody's routes of all, a client's own routes of that client and no other."""

from dataclasses import replace

import pytest
import yaml
from driftline import alerts
from driftline.alerts import finding
from driftline.errors import AlertError, ConfigError
from driftline.registry import load_registry
from driftline.settings import Settings

from tests.alerts.receivers import mail_server, webhook
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
    assert "Not delivered before: night-1" in received[0]["message"]
    assert "OVER: acme" in received[1]["message"]


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
