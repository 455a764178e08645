"""A suite that Great Expectations would quietly thin out is refused, with file and line."""

import textwrap

import pytest
from driftline.errors import ConfigError
from driftline.quality import runner
from driftline.quality.suites import load_suites

from tests.conftest import REPOSITORY

GOOD = """\
name: review_candidate.scorecard
notes: Six numbers per client.
meta:
  key: [client_id, quarter, kpi]
expectations:
  - type: expect_table_row_count_to_be_between
    kwargs: {min_value: 1}
    severity: critical
    notes: The table has rows.
    meta: {id: row_count}
  - type: unexpected_rows_expectation
    kwargs:
      unexpected_rows_query: select client_id from {batch} where kpi is null
    severity: critical
    notes: Every client is covered.
    meta: {id: client_coverage}
  - type: expect_column_values_to_be_in_set
    kwargs: {column: verdict, value_set: [good, act]}
    severity: warning
    notes: Verdicts are known.
    meta: {id: verdicts}
"""


@pytest.fixture
def load(tmp_path):
    def write_and_load(text, name="review_candidate.scorecard.yml"):
        (tmp_path / name).write_text(textwrap.dedent(text))
        suites = load_suites(tmp_path)
        for suite in suites:
            for expectation in suite.expectations:
                runner._build(expectation)
        return suites

    return write_and_load


def test_a_good_suite_loads_whole(load):
    (suite,) = load(GOOD)
    assert (suite.table, suite.key) == ("review_candidate.scorecard", ("client_id", "quarter", "kpi"))
    assert [item.id for item in suite.expectations] == ["row_count", "client_coverage", "verdicts"]


def test_the_projects_own_suites_are_all_known_to_great_expectations():
    suites = load_suites(REPOSITORY / "expectations")
    assert len(suites) >= 7
    for suite in suites:
        for expectation in suite.expectations:
            assert runner._build(expectation).expectation_type == expectation.type


@pytest.mark.parametrize(
    ("wrong", "right", "message"),
    [
        ("expect_column_values_to_be_in_sett", "expect_column_values_to_be_in_set",
         "scorecard.yml:17: expectation 'verdicts': unknown expectation type 'expect_column_values_to_be_in_sett'."
         " Did you mean 'expect_column_values_to_be_in_set'?"),
        ("value_sett:", "value_set:", "scorecard.yml:17: expectation 'verdicts': unknown argument 'value_sett'."
         " Did you mean 'value_set'?"),
        ("severity: warn\n", "severity: warning\n", "yml:17: expectation 'verdicts': severity: Input should be"),
        ("severity: info\n", "severity: warning\n", "yml:17: expectation 'verdicts': severity: Input should be"),
        ("    sevrity: warning\n", "    severity: warning\n", "unknown key 'sevrity'. Did you mean 'severity'?"),
        ("{column: verdict}", "{column: verdict, value_set: [good, act]}", "scorecard.yml:17"),
        ("mostly: 0.9, value_set:", "value_set:", "'mostly' would let one client's failures hide"),
        ("{id: client_coverage}", "{id: verdicts}", "expectation 'verdicts' stands already at"),
        ("{id: rows}", "{id: row_count}", "no expectation 'row_count': the suite would pass without rows"),
        ("{id: clients}", "{id: client_coverage}", "no expectation 'client_coverage'"),
        ("from review_candidate.scorecard where", "from {batch} where", "a row rule selects client_id and key columns"),
        ("select kpi from {batch}", "select client_id from {batch}", "a row rule selects client_id and key"),
        ("name: review_candidate.score\n", "name: review_candidate.scorecard\n", "A suite and its file are named"),
        ("key: [kpi]", "key: [client_id, quarter, kpi]", "every key starts with client_id"),
        ("expectations: []\nrest:", "expectations:", "unknown key 'rest'"),
        ("notes: ok\n", "notes: Verdicts are known.\n", "at least 10 characters"),
    ],
)  # fmt: skip
def test_a_typo_is_refused_with_its_place(load, wrong, right, message):
    text = GOOD.replace(right, wrong)
    if "stands already" in message:
        text = GOOD.replace(wrong, right)
    assert text != GOOD
    with pytest.raises(ConfigError) as raised:
        load(text)
    assert message in str(raised.value)
    assert "review_candidate.scorecard.yml" in str(raised.value)


def test_an_empty_suite_or_folder_is_refused(load, tmp_path):
    with pytest.raises(ConfigError, match="no suites; nothing would be checked"):
        load_suites(tmp_path)
    with pytest.raises(ConfigError, match="at least 1 item"):
        load(GOOD.split("expectations:")[0] + "expectations: []\n")


def test_a_file_that_is_no_suite_is_refused(tmp_path):
    (tmp_path / "review_candidate.scorecard.yaml").write_text(GOOD)
    with pytest.raises(ConfigError, match=r"scorecard\.yaml: not a suite"):
        load_suites(tmp_path)
