"""The registers of decisions are read strictly: file, entry and the likely meaning stand in every refusal."""

from __future__ import annotations

from datetime import date

import pytest
from conftest import REPOSITORY
from driftline.errors import ConfigError
from driftline.policies.approved_changes import load_approved_changes
from driftline.policies.drift import load_drift
from driftline.registry import load_registry

POLICIES = REPOSITORY / "config" / "policies"
REGISTRY = load_registry(REPOSITORY / "demo" / "clients.yml")
GOOD = {
    "client": "aegean", "entity": "ir.cron", "key": "Mail: Email Queue Manager", "from": "2026-11-20",
    "until": "2026-11-22", "approved_by": "K. Ioannou", "reason": "The queue moves.",
}  # fmt: skip


@pytest.fixture
def load(tmp_path):
    def write_and_load(entry: dict[str, str] | str):
        text = entry
        if isinstance(entry, dict):
            lines = "".join(f"    {name}: {value!r}\n" if name in ("key", "reason") else f"    {name}: {value}\n"
                            for name, value in entry.items())  # fmt: skip
            text = f"approved_changes:\n  queue:\n{lines}"
        (tmp_path / "approved_changes.yml").write_text(str(text))
        return load_approved_changes(tmp_path, REGISTRY)

    return write_and_load


def test_an_entry_is_read_with_its_days(load):
    change = load(GOOD)["queue"]
    assert (change.from_on, change.until_on) == (date(2026, 11, 20), date(2026, 11, 22))
    assert (change.key, change.ticket) == ("Mail: Email Queue Manager", None)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"client": "agean"}, "approved change 'queue': no client 'agean'. Known: aegean, boreal"),
        ({"entity": "ir.crons"}, "approved change 'queue': 'ir.crons' is no configuration. Known: account.account"),
        ({"until": "2026-11-19"}, "approved change 'queue': until 2026-11-19 lies before from 2026-11-20"),
        ({"until": "2027-11-19"}, "a window of more than 92 days approves anything: narrow it"),
        ({"reason": ""}, "approved change 'queue': reason: String should have at least 1 character"),
        ({"aproved_by": "K."}, "unknown key 'aproved_by'. Did you mean 'approved_by'?"),
        ({"from": "soon"}, "approved change 'queue': from: Input should be a valid date"),
    ],
)
def test_a_wrong_entry_is_refused_by_file_and_entry(load, change, message):
    with pytest.raises(ConfigError) as raised:
        load({**GOOD, **change})
    assert message in str(raised.value)
    assert "approved_changes.yml" in str(raised.value)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", ": expected the keys approved_changes"),
        ("changes: {}\n", ": unknown key 'changes'. Did you mean 'approved_changes'?"),
        ("approved_changes: []\n", ": approved_changes: Input should be a valid dictionary"),
        (
            "approved_changes:\n  queue: yes\n",
            ": approved change 'queue': expected the keys client, entity, key, from, until, approved_by, reason",
        ),
    ],
)
def test_a_file_of_another_shape_is_refused(load, tmp_path, text, message):
    with pytest.raises(ConfigError) as raised:
        load(text)
    assert f"{tmp_path / 'approved_changes.yml'}{message}" in str(raised.value)


def test_a_misspelt_day_is_recognised_by_the_name_that_the_file_uses(load):
    with pytest.raises(ConfigError, match=r"unknown key 'form'\. Did you mean 'from'\?"):
        load({**GOOD, "form": "2026-11-20"})


def test_the_files_of_the_repository_are_good_and_the_example_in_them_too(load):
    assert load_approved_changes(POLICIES, REGISTRY) == {}
    assert load_drift(POLICIES).self_moving_parameters == ("database.*",)
    text = (POLICIES / "approved_changes.yml").read_text()
    example = text[text.index("# approved_changes:") : text.index("\n\napproved_changes:")]
    shown = load("\n".join(line.removeprefix("# ") for line in example.splitlines()))
    assert shown["rename-server"].key == "web.base.url"
