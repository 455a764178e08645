"""A closed quarter: what is sealed, what proves it unchanged, what shows a change, and how it is corrected."""

import hashlib
import json
import re
import shutil
import zlib
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import psycopg2
import pytest
from driftline import publish, quality, sealing
from driftline.errors import ConfigError, DriftlineError, GateError, SealError
from driftline.sealing import rebuilding, verifying
from driftline.sealing.manifest import sha256_of

from tests.sealing.conftest import CLIENT, DECISION, QUARTER, SEALED_AT

LATER = SEALED_AT + timedelta(days=30)
TABLES = (
    "access_exception", "access_rule", "access_user", "config_drift", "master_data_exception", "master_data_rate",
    "module_change", "scorecard", "signal",
    "ticket_driver", "ticket_flow", "ticket_service", "ticket_trend", "upgrade_impact", "version_currency",
)  # fmt: skip
REASON = "Tickets of a closed project were counted."


def verify(warehouse, **arguments):
    return verifying.verify(warehouse.settings, client_id=CLIENT, quarter=QUARTER, **arguments)


def anyway(warehouse, statement):
    """Change what is sealed, past the guard."""
    warehouse.rows(f"set driftline.correcting = 'yes'; {statement}")


def another_build(warehouse, build_id, new_id="build_corrected", spoil=None):
    """Make the marts those of another build of the same quarter, and check it."""
    warehouse.rows(
        "create temp table b as select * from ops.build where build_id = %s; update b set build_id = %s,"
        " started_at = clock_timestamp(); insert into ops.build select * from b;"
        "create temp table c as select * from ops.build_client where build_id = %s; update c set build_id = %s;"
        " insert into ops.build_client select * from c",
        build_id, new_id, build_id, new_id,
    )  # fmt: skip
    for table in TABLES:
        warehouse.rows(f"update review_candidate.{table} set build_id = %s", new_id)
    warehouse.rows("update review_candidate.scorecard set value = value - 1 where kpi = 'version_upgrade_age'")
    if spoil:
        warehouse.rows(spoil)
    quality.check(warehouse.settings, build_id=new_id, now=LATER)
    return new_id


def test_a_seal_holds_every_published_table_and_proves_itself(sealed):
    warehouse, report = sealed
    ((manifest,),) = warehouse.rows("select manifest from review.seal")
    assert set(manifest["tables"]["published"]) == {f"review.{table}" for table in TABLES}
    for table in TABLES:
        ((count,),) = warehouse.rows(f"select count(*) from review.{table}")
        assert manifest["tables"]["published"][f"review.{table}"]["rows"] == count
    assert manifest["tables"]["inputs"]["staging.int_tickets__event"]["rows"] > 1000
    assert (manifest["sealed_by"], manifest["comment"], manifest["version"]) == ("K. Ioannou", "as discussed", 1)
    assert manifest["gate"]["is_open"] is True
    assert len(manifest["checks"]) > 100
    assert all(check["is_passed"] for check in manifest["checks"])
    suite = warehouse.settings.expectations_folder / "tickets.trend.yml"
    assert manifest["suites"][suite.name] == hashlib.sha256(suite.read_bytes()).hexdigest()
    assert report.manifest_sha256 == sha256_of(manifest)
    for found in (verify(warehouse), verifying.verify_folder(report.folder)):
        assert (found.verdict, found.changed, found.missing) == ("valid", (), ())
        assert found.manifest_sha256 == report.manifest_sha256


def test_the_hash_is_that_of_the_rows_written_by_hand(sealed):
    warehouse, report = sealed
    columns = [
        ("client_id", "text"), ("quarter", "text"), ("kpi", "text"), ("value", "double precision"), ("unit", "text"),
        ("previous_value", "double precision"), ("verdict", "text"), ("reason", "text"),
        ("as_of_at", "timestamp with time zone"), ("completeness_pct", "double precision"),
        ("is_quarter_complete", "boolean"),
    ]  # fmt: skip

    def text(value, kind):
        if value is None or kind == "text":
            return value
        if kind == "boolean":
            return "true" if value else "false"
        if kind == "timestamp with time zone":
            return f"{value:%Y-%m-%d %H:%M:%S}+00"
        rounded = str(round(Decimal(repr(value)), 6))
        return rounded.rstrip("0").rstrip(".") if "." in rounded else rounded

    rows = warehouse.rows(
        f"set timezone = 'UTC'; select {', '.join(name for name, _ in columns)} from review.scorecard"
    )
    lines = [
        json.dumps([text(value, kind) for value, (_, kind) in zip(row, columns, strict=True)], ensure_ascii=False)
        for row in rows
    ]
    written = "\n".join([json.dumps(columns), *sorted(lines, key=str.encode)]) + "\n"
    assert (report.folder / "published" / "review.scorecard.jsonl").read_text() == written


def test_no_person_is_in_a_seal(sealed):
    warehouse, report = sealed
    text = "".join(path.read_text() for path in report.folder.rglob("*.jsonl"))
    logins = [login for (login,) in warehouse.rows("select login from review.access_user where odoo_user_id > 5")]
    assert len(logins) > 10
    assert [login for login in logins if login in text] == []
    ids = {str(key) for (key,) in warehouse.rows("select odoo_user_id from review.access_user where odoo_user_id > 1")}
    lines = (report.folder / "published" / "review.access_user.jsonl").read_text().splitlines()
    position = [name for name, _ in json.loads(lines[0])].index("odoo_user_id")
    written = [json.loads(line)[position] for line in lines[1:]]
    assert len(set(written)) == len(ids) + 1
    assert set(written) & ids == set()
    evidence = set(re.findall(r"\bres\.users,(\d+)", text))
    assert evidence
    assert evidence & ids == set()
    others = [name for (name,) in warehouse.rows("select client_id from ops.client where client_id <> %s", CLIENT)]
    assert others
    assert [name for name in others if name in text] == []


UNSEEN = {
    "the time of publication": "update review.scorecard set published_at = now(), build_id = 'x'",
    "a login that is erased": "update review.access_user set login = null",
    "a digit beyond the sixth": "update review.scorecard set value = value + 1e-9 where kpi = 'ticket_trend'",
}
TAMPERED = {
    "a number": ("update review.scorecard set value = value + 1e-4 where kpi = 'ticket_trend'", "review.scorecard"),
    "a verdict": ("update review.scorecard set verdict = 'good' where kpi = 'audit_prep_effort'", "review.scorecard"),
    "a row less": ("delete from review.ticket_flow where period = '2026W35'", "review.ticket_flow"),
    "a row more": (
        "insert into review.module_change (client_id, quarter, module, changed_at, change, as_of_at, build_id,"
        " published_at) values ('aegean', '2026Q3', 'sale', now(), 'removed', now(), 'x', now())",
        "review.module_change",
    ),
    "a user's groups": (
        "update review.access_user set group_names = '{}', group_count = 0 where odoo_user_id = 2",
        "review.access_user",
    ),
    "sealed content": (
        "update ops.seal_part set content = '\\x00' where table_name = 'review.scorecard' and part = 'published'",
        "published/review.scorecard",
    ),
    "a sealed input": (
        "update ops.seal_part set content = substr(content, 1, 99) where table_name = 'staging.int_tickets__event'",
        "inputs/staging.int_tickets__event",
    ),
    "the manifest": ("update review.seal set manifest = jsonb_set(manifest, '{comment}', '\"x\"')", "manifest"),
    "a foreign part": (
        "insert into ops.seal_part select client_id, quarter, version, part, 'review.other', content"
        " from ops.seal_part where table_name = 'review.ticket_flow'",
        "published/review.other",
    ),
}


@pytest.mark.parametrize("what", UNSEEN)
def test_what_is_no_part_of_the_numbers_may_change(sealed, what):
    warehouse, _ = sealed
    anyway(warehouse, UNSEEN[what])
    assert verify(warehouse).verdict == "valid"


@pytest.mark.parametrize("what", TAMPERED)
def test_a_change_is_seen_and_named(sealed, what):
    warehouse, _ = sealed
    statement, named = TAMPERED[what]
    anyway(warehouse, statement)
    found = verify(warehouse)
    assert found.verdict == "changed"
    assert [line.split(":")[0] for line in found.changed] == [named]


def test_a_part_that_is_gone_makes_a_seal_incomplete(sealed):
    warehouse, _ = sealed
    warehouse.rows("delete from ops.seal_part where table_name = 'ops.policy_setting'")
    found = verify(warehouse)
    assert (found.verdict, found.missing) == ("incomplete", ("inputs/ops.policy_setting",))
    with pytest.raises(SealError, match=r"not whole: inputs/ops\.policy_setting"):
        rebuilding.rebuild(warehouse.settings, client_id=CLIENT, quarter=QUARTER)


@pytest.mark.parametrize(
    ("tamper", "verdict", "named"),
    [
        (lambda folder: (folder / "published/review.scorecard.jsonl").write_bytes(b"[]\n"), "changed", "review.score"),
        (lambda folder: (folder / "inputs/ops.night.jsonl").unlink(), "incomplete", "inputs/ops.night"),
        (lambda folder: (folder / "notes.txt").write_text("x"), "changed", "notes.txt: is no file of the seal"),
        (lambda folder: (folder / "manifest.sha256").unlink(), "incomplete", "the manifest's own hash"),
        (
            lambda folder: (folder / "manifest.json").write_text(
                (folder / "manifest.json").read_text().replace("K. Ioannou", "N. Obody")
            ),
            "changed",
            "manifest: its hash",
        ),
    ],
)
def test_a_folder_that_was_touched_is_seen(sealed, tmp_path, tamper, verdict, named):
    folder = shutil.copytree(sealed[1].folder, tmp_path / "seal")
    tamper(folder)
    found = verifying.verify_folder(folder)
    assert found.verdict == verdict
    assert named in "; ".join([*found.changed, *found.missing])


def test_a_folder_without_a_manifest_is_no_seal(tmp_path):
    with pytest.raises(ConfigError, match="no seal that this version can read"):
        verifying.verify_folder(tmp_path)


def test_computed_again_from_its_inputs_a_quarter_comes_out_the_same(sealed):
    warehouse, _ = sealed
    # Neither marts nor raw are needed any more.
    warehouse.rows("drop schema tickets, access, drift, staging, snapshots, raw, review_candidate cascade")
    report = rebuilding.rebuild(warehouse.settings, client_id=CLIENT, quarter=QUARTER)
    assert report.differing == ()
    assert report.is_same
    assert report.row_count > 100
    left = warehouse.rows("select count(*) from pg_database where datname like 'driftline_rebuild%'")
    assert left == [(0,)]


def test_a_forged_input_comes_out_as_another_number(sealed):
    warehouse, _ = sealed
    ((content,), (manifest,)) = (
        warehouse.rows("select content from ops.seal_part where table_name = 'staging.int_tickets__event'")[0],
        warehouse.rows("select manifest from review.seal")[0],
    )
    lines = zlib.decompress(bytes(content)).split(b"\n")
    opened = next(line for line in lines if re.search(rb'"2026-0[89].*"opened"', line))
    forged = b"\n".join(line for line in lines if line != opened)
    entry = manifest["tables"]["inputs"]["staging.int_tickets__event"]
    entry["sha256"] = hashlib.sha256(forged).hexdigest()
    entry["rows"] -= 1
    warehouse.rows(
        "update ops.seal_part set content = %s where table_name = 'staging.int_tickets__event'",
        zlib.compress(forged),
    )
    warehouse.rows(
        "update review.seal set manifest = %s::jsonb, manifest_sha256 = %s", json.dumps(manifest), sha256_of(manifest)
    )
    assert verify(warehouse).verdict == "valid"  # hashes alone do not show it
    report = rebuilding.rebuild(warehouse.settings, client_id=CLIENT, quarter=QUARTER)
    differing = {line.split(":")[0] for line in report.differing}
    assert differing == {
        "review.scorecard", "review.signal", "review.ticket_driver", "review.ticket_flow", "review.ticket_service",
        "review.ticket_trend",
    }  # fmt: skip


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize(
    "statement",
    [
        "update review.{t} set is_stale = true",
        "delete from review.{t}",
        "insert into review.{t} select * from kept",
        "truncate review.{t}",
    ],
)
def test_a_sealed_quarter_refuses_change(sealed, table, statement):
    warehouse, _ = sealed
    if table == "module_change" and "truncate" not in statement:
        anyway(
            warehouse,
            "insert into review.module_change (client_id, quarter, module, changed_at, change, as_of_at, build_id,"
            " published_at) values ('aegean', '2026Q3', 'sale', now(), 'removed', now(), 'x', now())",
        )
    text = statement.format(t=table)
    if "kept" in text:
        text = (
            f"create temp table kept as table review.{table}; set driftline.correcting = 'yes';"
            f" delete from review.{table}; set driftline.correcting = 'no'; {text}"
        )
    with pytest.raises(psycopg2.errors.IntegrityConstraintViolation, match="quarter 2026Q3 of client aegean is sealed"):
        warehouse.rows(text)


def test_another_build_of_a_sealed_quarter_leaves_it_as_it_is(sealed):
    warehouse, _ = sealed
    (build_id,) = warehouse.rows("select build_id from review.seal")[0]
    before = warehouse.rows("select s::text from review.scorecard s order by 1")
    report = publish.publish(warehouse.settings, build_id=another_build(warehouse, build_id), now=LATER)
    assert (report.published_client_ids, dict(report.kept_stale)) == ((), {})
    assert dict(report.kept_sealed) == {CLIENT: "the quarter is sealed (version 1); a correction is a new version"}
    assert warehouse.rows("select s::text from review.scorecard s order by 1") == before
    assert verify(warehouse).verdict == "valid"


def test_a_correction_is_a_new_version_and_the_old_one_is_kept(sealed):
    warehouse, first = sealed
    (build_id,) = warehouse.rows("select build_id from review.seal")[0]
    ask = "select value from review.scorecard where kpi = 'version_upgrade_age'"
    ((before,),) = warehouse.rows(ask)
    corrected = another_build(warehouse, build_id)
    second = sealing.correct(
        warehouse.settings, build_id=corrected, client_id=CLIENT, reason=REASON, decision=DECISION, now=LATER
    )
    assert (second.version, second.folder.name) == (2, "v2")
    assert warehouse.rows(ask) == [(before - 1,)]
    ask = "select version, reason, manifest ->> 'previous_manifest_sha256' from review.seal order by 1"
    assert warehouse.rows(ask) == [(1, "", None), (2, REASON, first.manifest_sha256)]
    for version in (None, 1, 2):
        found = verify(warehouse, version=version)
        assert (found.verdict, found.version) == ("valid", version or 2)
    assert verifying.verify_folder(first.folder).verdict == "valid"
    with pytest.raises(psycopg2.errors.IntegrityConstraintViolation):
        warehouse.rows("delete from review.scorecard")


def test_a_correction_that_fails_its_checks_changes_nothing(sealed):
    warehouse, _ = sealed
    (build_id,) = warehouse.rows("select build_id from review.seal")[0]
    spoil = "update review_candidate.access_user set user_kind = 'robot' where odoo_user_id = 7"
    corrected = another_build(warehouse, build_id, spoil=spoil)
    with pytest.raises(GateError, match="client 'aegean': nothing was corrected: failed: A user is internal"):
        sealing.correct(
            warehouse.settings, build_id=corrected, client_id=CLIENT, reason=REASON, decision=DECISION, now=LATER
        )
    assert verify(warehouse).verdict == "valid"
    assert warehouse.rows("select count(*) from review.seal") == [(1,)]


@pytest.mark.parametrize(
    ("spoil", "changes", "message"),
    [
        (
            "update ops.build set as_of_at = '2026-09-30 20:59Z'",
            {"client_id": CLIENT},
            "2026Q3 is not over before 2026-09-30 21:00 UTC",
        ),
        ("update review.scorecard set is_stale = true", {}, "what is published of 2026Q3 is not of build"),
        ("update review.scorecard set build_id = 'x'", {}, "what is published of 2026Q3 is not of build"),
        ("update ops.client_run set finished_at = now()", {}, "it was read again since"),
        (
            "insert into ops.build (build_id, as_of_at, state, started_at) values ('next', now(), 'failed', now())",
            {},
            "the marts are those of build next",
        ),
        ("update ops.build set code_sha256 = 'feed'", {}, "the dbt project here has the hash"),
        ("update ops.build set quarter = null", {}, "is no successful build of a quarter"),
        ("update review.publication set is_published = false", {"client_id": CLIENT}, "was not published; only what"),
        ("select 1", {"client_id": "nobody"}, "does not have this client"),
        ("select 1", {"decision": sealing.Decision("Anonymous")}, "a seal names who decided it"),
        ("select 1", {"decision": sealing.Decision(" ")}, "a seal names who decided it"),
    ],
)
def test_what_cannot_be_sealed_is_refused_with_the_reason(closed, spoil, changes, message):
    warehouse, build_id = closed
    warehouse.rows(spoil)
    with pytest.raises(DriftlineError, match=message):
        sealing.seal(warehouse.settings, **{"build_id": build_id, "decision": DECISION, "now": SEALED_AT, **changes})
    assert warehouse.rows("select count(*) from review.seal") == [(0,)]


def test_sealing_again_is_refused_by_name_and_passed_over_for_all(sealed):
    warehouse, _ = sealed
    (build_id,) = warehouse.rows("select build_id from review.seal")[0]
    arguments = {"build_id": build_id, "decision": DECISION, "now": LATER}
    assert sealing.seal(warehouse.settings, **arguments) == []
    with pytest.raises(SealError, match="2026Q3 is sealed already, as version 1"):
        sealing.seal(warehouse.settings, **arguments, client_id=CLIENT)
    with pytest.raises(SealError, match="a correction says why"):
        sealing.correct(warehouse.settings, **arguments, client_id=CLIENT, reason="oops")


def test_what_was_never_sealed_is_said_so(closed):
    warehouse, build_id = closed
    with pytest.raises(SealError, match="2026Q3 is not sealed"):
        verify(warehouse)
    with pytest.raises(SealError, match="2026Q3 is not sealed"):
        sealing.correct(
            warehouse.settings, build_id=build_id, client_id=CLIENT, reason=REASON, decision=DECISION, now=LATER
        )


def test_another_salt_does_not_fit(sealed):
    warehouse, _ = sealed
    other = replace(warehouse, settings=replace(warehouse.settings, hash_salt="another"))
    found = [line.split(":")[0] for line in verify(other).changed]
    assert found == ["review.access_user", "review.access_exception"]


def test_every_table_that_publication_fills_is_guarded(warehouse):
    warehouse.rows("create table review.invented (client_id text, quarter text, is_stale boolean)")
    from driftline.migrate import migrate

    migrate(warehouse.settings)
    unguarded = (
        "select c.relname from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'is_stale'"
        " where c.relnamespace = 'review'::regnamespace and c.relkind = 'r'"
        " and (select count(*) from pg_trigger t where t.tgrelid = c.oid and t.tgname like 'sealed_%%') <> 5"
    )
    assert warehouse.rows(unguarded.replace("%%", "%")) == []


def test_a_seal_can_be_read_by_its_own_reader_and_its_parts_by_none(sealed):
    warehouse, _ = sealed
    assert warehouse.rows("set role driftline_transformer; select client_id from review.seal") == [(CLIENT,)]
    assert warehouse.rows("set role bi_reader; select client_id from review.seal") == []
    for role in ("bi_reader", "driftline_transformer"):
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            warehouse.rows(f"set role {role}; select content from ops.seal_part")
