"""Random histories of imports: what holds is the last word of each line, once, whichever files come in which order."""

from __future__ import annotations

import csv
import hashlib
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from driftline.access_review.cells import COLUMNS
from driftline.access_review.cycle import open_cycle
from driftline.access_review.importing import import_worksheet
from driftline.access_review.worksheet import export
from driftline.errors import WorksheetError
from hypothesis import given
from hypothesis import strategies as st

from tests.access_review.conftest import CLIENT, OPENED_AT, QUARTER, Reviewed
from tests.conftest import make_settings, run_autocommit

KEEP, ASK, BAD = "keep", "ask", "burn"
LINES = (22, 23, 24, 28)  # accounts of staff that nothing speaks against
REVIEWER = "cfo@aegean.example"
# A worksheet: what it says of each of these lines; None leaves a line empty.
WORKSHEETS = st.tuples(*(st.sampled_from([None, KEEP, ASK]) for _ in LINES))
EVENTS = st.lists(st.tuples(WORKSHEETS, st.booleans()), min_size=1, max_size=6)


@pytest.fixture(scope="module")
def template(pg_server, read_client, tmp_path_factory):
    """A warehouse with an open review, and the rows of its worksheet."""
    warehouse, _, folder = read_client
    name = "import_histories"
    run_autocommit(pg_server.url(), f'create database "{name}" template "{warehouse}"')
    settings = make_settings(pg_server.url(name), build_folder=folder / "build", policies_from=folder / "policies")
    open_cycle(settings, client_id=CLIENT, quarter=QUARTER, by="K. Ioannou", now=OPENED_AT)
    sheets = tmp_path_factory.mktemp("histories")
    (exported,) = export(settings, client_id=CLIENT, quarter=QUARTER, folder=sheets, now=OPENED_AT)
    rows = list(csv.reader(exported.files[1].open(newline="")))
    assert [rows[line + 1][0] for line in LINES] == [str(line) for line in LINES]
    assert {rows[line + 1][COLUMNS.index("suggestion")] for line in LINES} == {"keep"}
    yield Reviewed(url=settings.warehouse_url, settings=settings), rows, sheets
    run_autocommit(pg_server.url(), f'drop database "{name}" with (force)')


def worksheet(rows: list[list[str]], said: tuple[str | None, ...], path: Path, *, spoilt: bool) -> str:
    text = io.StringIO()
    copied = [list(row) for row in rows]
    first = COLUMNS.index("decision")
    for line, decision in zip(LINES, said, strict=True):
        if decision:
            copied[line + 1][first : first + 4] = [decision, "seen", REVIEWER, "2026-11-20T12:00:00"]
    if spoilt:
        copied[57][first : first + 4] = [BAD, "seen", REVIEWER, "2026-11-20"]
    csv.writer(text).writerows(copied)
    path.write_text(text.getvalue())
    return hashlib.sha256(path.read_bytes()).hexdigest()


@given(events=EVENTS)
def test_the_last_word_of_each_line_holds(template, events):
    warehouse, rows, folder = template
    warehouse.rows("delete from ops.access_decision")
    warehouse.rows("delete from ops.access_import")
    path = folder / "back.csv"
    expected: dict[int, str] = {}
    kept: list[tuple[int, int, str]] = []
    versions: dict[str, int] = {}
    for number, (said, is_spoilt) in enumerate(events):
        digest = worksheet(rows, said, path, spoilt=is_spoilt)
        facts = {
            "by": "M. Papas",
            "sign_off": "T-1",
            "now": datetime(2026, 11, 20, 18, tzinfo=UTC) + timedelta(hours=number),
        }

        def take_in(facts=facts):
            return import_worksheet(warehouse.settings, client_id=CLIENT, quarter=QUARTER, path=path, **facts)

        if is_spoilt:
            with pytest.raises(WorksheetError, match="'burn' is none of keep, deactivate, ask"):
                take_in()
        else:
            first, again = take_in(), take_in()
            assert first.is_new == (digest not in versions)
            assert (again.is_new, again.decision_count, again.version) == (False, 0, first.version)
            if first.is_new:
                versions[digest] = first.version
                news = {line: it for line, it in zip(LINES, said, strict=True) if it and expected.get(line) != it}
                assert first.decision_count == len(news)
                expected |= news
                kept += [(first.version, line, decision) for line, decision in news.items()]
        standing = dict(warehouse.rows("select line, decision from ops.access_standing_decision"))
        assert standing == expected
    assert warehouse.rows("select version, line, decision from ops.access_decision order by 1, 2") == sorted(kept)
    assert warehouse.rows("select count(*) from ops.access_import") == [(len(versions),)]
