"""Numbers, times and names as the page writes them."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest
from driftline.review_page import words


@pytest.mark.parametrize(
    ("value", "decimals", "is_signed", "text"),
    [
        (1043, 0, False, "1,043"),
        (-23.44, 1, True, "\N{MINUS SIGN}23.4"),
        (11.5, 1, True, "+11.5"),
        (-0.04, 1, True, "0.0"),
        (0, 0, True, "0"),
        (2_500_000, 0, False, "2,500,000"),
    ],
)
def test_a_number_has_separators_a_real_minus_and_no_signed_zero(
    value: float, decimals: int, is_signed: bool, text: str
) -> None:
    assert words.number(value, decimals=decimals, is_signed=is_signed) == text


def test_a_share_is_cut_not_rounded_so_that_nearly_complete_is_not_complete() -> None:
    assert words.share(100) == "100.00"
    assert words.share(99.9999) == "99.99"
    assert words.share(99.29) == "99.29"
    assert words.share(0) == "0.00"


def test_a_unit_that_is_not_listed_is_written_out() -> None:
    unit = words.unit_of("calls_a_month")
    assert words.value_text(2, unit) + unit.after_value == "2.0 calls a month"


def test_a_change_is_written_only_where_there_is_one() -> None:
    days = words.unit_of("days")
    assert words.change_text(1043, 951, days) == "951 days (change +92 days)"
    assert words.change_text(None, 951, days) == "951 days"
    assert words.change_text(1043, None, days) == ""


def test_a_time_is_written_in_utc_whatever_its_zone() -> None:
    athens = datetime(2026, 10, 1, 0, 30, tzinfo=timezone(timedelta(hours=3)))
    assert words.instant(athens) == "2026-09-30 21:30\N{NO-BREAK SPACE}UTC"
    assert words.day(athens) == "2026-09-30"
    assert words.day(None) == "–"


def test_marks_that_change_how_a_name_reads_become_visible() -> None:
    assert words.visible("ad\N{RIGHT-TO-LEFT OVERRIDE}nim") == "ad[U+202E]nim"
    assert words.visible("a\N{ZERO WIDTH SPACE}b\x00c") == "a[U+200B]b[U+0000]c"
    assert words.visible("two\nlines") == "two lines"
    assert words.visible("Ωμέγα 数 مريم") == "Ωμέγα 数 مريم"
    assert words.visible(None) == "–"


def test_a_count_agrees_with_its_noun() -> None:
    assert words.count_of(1, "group") == "1 group"
    assert words.count_of(0, "group") == "0 groups"
    assert words.count_of(1200, "more is", "more are") == "1,200 more are"


def test_a_reason_becomes_a_sentence() -> None:
    assert words.sentence("on 17.0 since 2024-02-02") == "On 17.0 since 2024-02-02."
    assert words.sentence("Only one review cycle is on record.") == "Only one review cycle is on record."
    assert words.sentence("") == ""
