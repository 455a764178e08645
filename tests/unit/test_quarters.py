"""Which quarter a review is about."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from driftline.errors import ConfigError
from driftline.quarters import choose


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        ("2026-11-22T06:00", "2026Q3"),
        ("2026-01-02T00:00", "2025Q4"),
        ("2026-04-01T11:59", "2025Q4"),  # still 31 March on the last island
        ("2026-04-01T12:00", "2026Q1"),
    ],
)
def test_without_a_name_it_is_the_last_quarter_that_is_over_everywhere(now: str, expected: str) -> None:
    assert choose({}, now=datetime.fromisoformat(now).replace(tzinfo=UTC)) == expected


def test_a_quarter_that_is_named_is_taken() -> None:
    assert choose({"quarter": "2025Q2"}, now=datetime(2026, 11, 22, tzinfo=UTC)) == "2025Q2"


def test_the_running_quarter_may_be_named() -> None:
    now = datetime(2026, 9, 30, 10, 0, tzinfo=UTC)  # 1 October in Kiribati
    assert choose({"quarter": "2026Q4"}, now=now) == "2026Q4"


@pytest.mark.parametrize(
    ("conf", "message"),
    [
        ({"quater": "2026Q3"}, "run configuration: unknown key 'quater'. Known: quarter. Nothing was run."),
        ({"quarter": "2026-Q3"}, "run configuration: quarter '2026-Q3' is not a quarter. Expected 2026Q3."),
        ({"quarter": "2026Q5"}, "run configuration: quarter '2026Q5' is not a quarter. Expected 2026Q3."),
        ({"quarter": 20263}, "run configuration: quarter '20263' is not a quarter. Expected 2026Q3."),
        ({"quarter": "2027Q1"}, "run configuration: quarter 2027Q1 has not begun. Leave it out for the last one."),
    ],
)
def test_what_is_not_a_quarter_is_refused(conf: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        choose(conf, now=datetime(2026, 11, 22, tzinfo=UTC))
    assert str(caught.value) == message
