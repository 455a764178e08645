"""A client's own nights decide how many rows are usual: by median and MAD, and not before there are seven."""

import statistics

import pytest
from driftline import quality

from tests.quality import candidates
from tests.quality.candidates import BUILD_ID, NOW

ADD = (
    "insert into ops.night (night_id, as_of_at, client_ids, state, started_at) values (%s,"
    " '2026-11-21 02:00+00'::timestamptz - %s * interval '1 day', '{acme}', 'finished', now());"
    " insert into ops.completeness values (%s, 'acme', 'helpdesk.ticket', %s, %s, 0, 'digest', 'complete', now())"
)


def is_told(warehouse, before, tonight):
    candidates.make_tables(warehouse)
    candidates.fill(warehouse, ["acme", "beta"])
    for number, count in enumerate(before, start=1):
        warehouse.rows(ADD, f"earlier {number}", number, f"earlier {number}", count, count)
    warehouse.rows(
        "update ops.completeness set warehouse_count = %s where client_id = 'acme' and night_id = 'night-1'", tonight
    )
    quality.check(warehouse.settings, build_id=BUILD_ID, now=NOW)
    failed = warehouse.rows("select expectation, client_id, severity from quality.check_result where not is_passed")
    assert set(failed) <= {("volume_as_usual", "acme", "warning")}
    return bool(failed)


NOISY = [1000, 1200, 900, 1100, 1300, 800, 1000, 1150]
MEDIAN = statistics.median(NOISY)
MAD = statistics.median(abs(count - MEDIAN) for count in NOISY)
FURTHEST = int(6 * 1.4826 * MAD)


@pytest.mark.parametrize(
    ("before", "tonight", "expected"),
    [
        ([1000] * 6, 0, False),  # six nights say nothing yet
        ([1000] * 7, 0, True),
        ([1000] * 7, 1200, False),  # within a fifth, though the nights never differed
        ([1000] * 7, 1201, True),
        ([10] * 7, 60, False),  # few rows may vary
        ([10] * 7, 61, True),
        (NOISY, MEDIAN + FURTHEST, False),
        (NOISY, MEDIAN + FURTHEST + 1, True),
        (NOISY, MEDIAN - FURTHEST, False),
        ([1000] * 40 + [5000] * 3, 1100, False),  # a few odd nights do not move the median
    ],
)
def test_the_clients_own_nights_decide_what_is_usual(warehouse, before, tonight, expected):
    assert is_told(warehouse, before, tonight) is expected
