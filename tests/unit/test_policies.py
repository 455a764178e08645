"""The registers of decisions are read strictly: file, entry and the likely meaning stand in every refusal."""

from __future__ import annotations

from datetime import date

import pytest
from conftest import REPOSITORY, make_settings
from driftline.errors import ConfigError
from driftline.policies import _as_like, load_approved_changes, load_drift_policy
from driftline.registry import load_registry

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
        settings = make_settings("postgresql://nowhere", policies_from=tmp_path)
        return load_approved_changes(settings, load_registry(settings.clients_file))

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


@pytest.mark.parametrize("text", ["", "changes: {}\n", "approved_changes: []\n", "approved_changes:\n  queue: yes\n"])
def test_a_file_of_another_shape_is_refused(load, text):
    with pytest.raises(ConfigError, match=r"approved_changes\.yml: .*expected"):
        load(text)


def test_the_files_of_the_repository_are_good_and_the_example_in_them_too(load):
    settings = make_settings("postgresql://nowhere")
    registry = load_registry(settings.clients_file)
    assert load_approved_changes(settings, registry) == {}
    assert load_drift_policy(settings).self_moving_parameters == ("database.*",)
    text = (REPOSITORY / "config" / "policies" / "approved_changes.yml").read_text()
    example = text[text.index("# approved_changes:") : text.index("\n\napproved_changes:")]
    shown = load("\n".join(line.removeprefix("# ") for line in example.splitlines()))
    assert shown["rename-server"].key == "web.base.url"


def test_only_the_star_is_special_in_a_parameters_pattern():
    assert _as_like("database.*") == "database.%"
    assert _as_like("a_b%c") == r"a\_b\%c"
