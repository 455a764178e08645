"""A registry that is not exactly as declared is refused, and the message names file, client and the way out."""

from pathlib import Path

import pytest
from driftline.errors import ConfigError
from driftline.registry import load_registry

ENTRY = """\
clients:
  acme:
    name: Acme
    odoo_version: "17.0"
    transport: postgres
    timezone: Europe/Athens
    tickets: {source: helpdesk}
"""


def load(tmp_path: Path, text: str):
    path = tmp_path / "clients.yml"
    path.write_text(text)
    return load_registry(path)


def test_an_entry_is_read_as_declared(tmp_path):
    client = load(tmp_path, ENTRY).client("acme")
    assert (client.name, str(client.version), client.timezone) == ("Acme", "17.0", "Europe/Athens")
    assert client.tickets.source == "helpdesk"
    assert client.limits.connect_timeout_seconds == 10


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            ENTRY.replace("timezone:", "time_zone:"),
            "clients.yml: client 'acme': 'timezone' is missing; .*unknown key 'time_zone'. Did you mean 'timezone'?",
        ),
        (ENTRY + "  acme:\n    name: Twice\n", r"clients.yml: line 8: duplicate key 'acme'"),
        (ENTRY.replace('"17.0"', '"13.0"'), r"client 'acme': odoo_version: '13.0' is not a supported Odoo version"),
        (ENTRY.replace('"17.0"', '"17.3"'), r"client 'acme': odoo_version: '17.3' is not a supported Odoo version"),
        (ENTRY.replace("Europe/Athens", "Europe/Atlantis"), r"client 'acme': timezone: 'Europe/Atlantis' is not a"),
        (
            ENTRY.replace("postgres", "pigeon"),
            r"client 'acme': transport: Input should be 'postgres', 'rpc' or 'json2'",
        ),
        (ENTRY.replace("{source: helpdesk}", "{source: project}"), r"tickets: projects \(ids of project.project\) go"),
        (
            ENTRY + "    onboarded_on: 2026-05-01\n    stabilisation_until: 2026-04-30\n",
            r"client 'acme': stabilisation_until 2026-04-30 lies before onboarded_on 2026-05-01",
        ),
        (
            ENTRY + "    stabilisation_until: soon\n",
            r"client 'acme': stabilisation_until: Input should be a valid date",
        ),
        (ENTRY.replace("acme:", "Acme Corp:"), r"client 'Acme Corp': an id is lower-case letters"),
        (
            ENTRY.replace("{source: helpdesk}", "{sorce: helpdesk}"),
            r"unknown key 'sorce' in tickets. Did you mean 'sou",
        ),
        ("clients: []\n", "expected a key 'clients'"),
        ("clients:\n  acme: 3\n", "client 'acme': expected keys such as"),
        ("clients: {a: [\n", r"clients.yml: line 2: "),
    ],
)
def test_a_wrong_entry_is_refused_by_name(tmp_path, text, message):
    with pytest.raises(ConfigError, match=message) as caught:
        load(tmp_path, text)
    assert caught.value.exit_code == 2


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"nowhere\.yml: no such file"):
        load_registry(tmp_path / "nowhere.yml")


def test_an_unknown_client_is_answered_with_the_known_ones(tmp_path):
    with pytest.raises(ConfigError, match=r"no client 'acne'\. Known: acme"):
        load(tmp_path, ENTRY).client("acne")
