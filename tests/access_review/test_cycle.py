"""A whole review of a demo client: opened, decided, carried out in two nights, closed, proven, tampered with."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from driftline.access_review.cycle import close_cycle, open_cycle
from driftline.access_review.evidence import known_evidence, verify_evidence, write_evidence
from driftline.access_review.importing import import_worksheet
from driftline.access_review.standing import stand
from driftline.access_review.worksheet import export
from driftline.errors import ReviewCycleError
from driftline.sealing import Decision

from tests.access_review.conftest import CLIENT, OPENED_AT, QUARTER, Open, read_and_build
from tests.access_review.filling import decide, suggested
from tests.conftest import run_sql

DECIDED = datetime(2026, 11, 20, 12)  # noqa: DTZ001  in Athens, as a spreadsheet has it: 10:00 UTC
IMPORTED_AT = datetime(2026, 11, 20, 18, tzinfo=UTC)
NEXT_NIGHT = datetime(2026, 11, 21, 2, tzinfo=UTC)
THIRD_NIGHT = datetime(2026, 11, 22, 2, tzinfo=UTC)
LEAVER, BILLING = 10, (19, 21)  # warehouse1, whom the demo let leave; accounting2 and the group Billing


# Area, action, who, outside working hours, by an administrator, a leaver, the support firm.
ACTS = Counter({
    ("bank accounts", "created", "admin", False, True, False, False): 1,
    ("bank accounts", "changed", "helpdesk.lead1@aegean.example", False, False, False, True): 1,
    ("fiscal positions", "created", "warehouse1@aegean.example", True, False, True, False): 1,
    ("journal entries", "reset to draft", "accounting2@aegean.example", False, False, False, False): 1,
    ("journal entries", "posted", "accounting2@aegean.example", True, False, False, False): 1,
    ("sequence gaps", "number missing", None, None, None, None, None): 1,
    ("deleted records", "deleted", None, None, None, None, None): 3,
    ("groups", "created", "admin", False, True, False, False): 1,
    ("groups", "created", None, None, None, None, None): 1,
    ("groups", "changed", "warehouse1@aegean.example", True, False, True, False): 1,
    ("access rows", "created", "admin", False, True, False, False): 1,
    ("access rows", "changed", "helpdesk.lead1@aegean.example", False, False, False, True): 1,
    ("access rows", "deleted", None, None, None, None, None): 1,
    ("record rules", "created", "admin", False, True, False, False): 1,
    ("record rules", "created", None, None, None, None, None): 1,
    ("record rules", "changed", "accounting2@aegean.example", False, False, False, False): 1,
    ("record rules", "deleted", None, None, None, None, None): 1,
    ("users", "changed", "admin", False, True, False, False): 1,
    ("memberships", "created", None, None, None, None, None): 1,
    ("memberships", "deleted", None, None, None, None, None): 1,
})  # fmt: skip
TOLD = {
    ("groups", "created", "900", "res.groups"), ("groups", "created", "900,6", "res.groups.implied.rel"),
    ("groups", "changed", "28", "res.groups"),
    ("access rows", "created", "90001", "ir.model.access"), ("access rows", "changed", "5", "ir.model.access"),
    ("access rows", "deleted", "3", "ir.model.access"),
    ("record rules", "created", "903", "ir.rule"), ("record rules", "created", "903,900", "rule.group.rel"),
    ("record rules", "changed", "901", "ir.rule"), ("record rules", "deleted", "902", "ir.rule"),
    ("deleted records", "deleted", "1", "account.move"), ("deleted records", "deleted", "901", "account.payment"),
    ("deleted records", "deleted", "901", "purchase.order"),
}  # fmt: skip
COVERAGE = {
    "users": "logged", "groups": "derived nightly", "memberships": "derived nightly", "access rows": "derived nightly",
    "record rules": "derived nightly", "bank accounts": "derived nightly", "fiscal positions": "derived nightly",
    "journal entries": "logged", "deleted records": "derived nightly", "sequence gaps": "derived nightly",
}  # fmt: skip


def plant_acts(source: str) -> None:
    """What people did on 20 November, a Friday; Athens is two hours ahead of UTC."""
    for statement in (
        "insert into account_fiscal_position (id, name, active, create_uid, create_date, write_uid, write_date)"
        " values (1, '{\"en_US\": \"Intra-EU\"}', true, 10, '2026-11-20 22:30', 10, '2026-11-20 22:30')",
        "insert into res_partner_bank (id, partner_id, create_uid, create_date, write_uid, write_date) values"
        " (901, 1, 2, '2026-11-20 10:00', 7, '2026-11-20 11:00')",
        "insert into account_move (id, name, state, move_type, date, journal_id, company_id, sequence_prefix,"
        " sequence_number, create_uid, create_date, write_uid, write_date) values"
        " (101, 'INV/2026/00001', 'posted', 'entry', '2026-11-02', 1, 1, 'INV/2026/', 1, 19, '2026-11-20 09:00', 19,"
        "  '2026-11-20 09:00'),"
        " (102, 'INV/2026/00004', 'posted', 'entry', '2026-11-02', 1, 1, 'INV/2026/', 4, 19, '2026-11-20 09:00', 19,"
        "  '2026-11-20 09:00')",
        "insert into ir_model_fields_selection (id, field_id, value, name, sequence) select 90000 + n, f.id, v,"
        " jsonb_build_object('en_US', l), n from ir_model_fields f,"
        " (values (1, 'draft', 'Draft'), (2, 'posted', 'Posted')) as s (n, v, l)"
        " where f.model = 'account.move' and f.name = 'state'",
        "insert into mail_message (id, model, res_id, date, message_type, create_uid, create_date) values"
        " (900001, 'account.move', 101, '2026-11-20 09:10', 'notification', 19, '2026-11-20 09:10'),"
        " (900002, 'account.move', 101, '2026-11-20 19:10', 'notification', 19, '2026-11-20 19:10')",
        "insert into mail_tracking_value (id, field_id, mail_message_id, new_value_char, create_uid, create_date)"
        " select 900000 + n, f.id, 900000 + n, l, 19, '2026-11-20 09:10' from ir_model_fields f,"
        " (values (1, 'Draft'), (2, 'Posted')) as s (n, l) where f.model = 'account.move' and f.name = 'state'",
        "delete from account_move where id = 1",
        "delete from account_payment where id = 901",
        "delete from purchase_order where id = 901",
        "insert into res_groups (id, name, create_uid, create_date, write_uid, write_date) values"
        " (900, '{\"en_US\": \"Auditors\"}', 2, '2026-11-20 12:00', 2, '2026-11-20 12:00')",
        "insert into res_groups_implied_rel (gid, hid) values (900, 6)",
        'update res_groups set name = \'{"en_US": "Timesheets of all"}\', write_uid = 10,'
        " write_date = '2026-11-20 22:40' where id = 28",
        "insert into ir_model_access (id, name, active, model_id, group_id, perm_read, create_uid, create_date,"
        " write_uid, write_date)"
        " select 90001, 'auditors', true, id, 900, true, 2, '2026-11-20 12:00', 2, '2026-11-20 12:00'"
        " from ir_model where model = 'account.move'",
        "update ir_model_access set perm_unlink = true, write_uid = 7, write_date = '2026-11-20 11:00' where id = 5",
        "delete from ir_model_access where id = 3",
        "insert into ir_rule (id, name, active, model_id, domain_force, perm_read, create_uid, create_date,"
        " write_uid, write_date)"
        " select 903, 'Auditors see all', true, id, '[]', true, 2, '2026-11-20 12:00', 2, '2026-11-20 12:00'"
        " from ir_model where model = 'account.move'",
        "insert into rule_group_rel (rule_group_id, group_id) values (903, 900)",
        "update ir_rule set domain_force = '[]', write_uid = 19, write_date = '2026-11-20 12:00' where id = 901",
        "delete from ir_rule where id = 902",
        "insert into auditlog_rule (id, name, state, model_id, log_write, log_create, log_unlink, create_date,"
        " write_date)"
        " select 1, 'Users', 'subscribed', id, true, true, true, '2026-11-20 09:00', '2026-11-20 09:00'"
        " from ir_model where model = 'res.users'",
        "insert into auditlog_log (id, model_id, res_id, user_id, method, create_date, write_date)"
        f" select 1, id, {LEAVER}, 2, 'write', '2026-11-20 13:00', '2026-11-20 13:00' from ir_model"
        " where model = 'res.users'",
    ):
        run_sql(source, statement)


def acts(warehouse) -> Counter:
    return Counter(warehouse.rows(
        "select area, action, login, is_outside_hours, is_by_administrator, is_by_leaver, is_by_support_firm"
        " from access.audit_event where client_id = %s", CLIENT))  # fmt: skip


def take_in(opened: Open, path=None, **changes):
    facts = {"by": "M. Papas", "sign_off": "TICKET-7", "now": IMPORTED_AT} | changes
    return import_worksheet(
        opened.warehouse.settings, client_id=CLIENT, quarter=QUARTER, path=path or opened.workbook, **facts
    )


def standing(opened: Open, now: datetime):
    return stand(opened.warehouse.settings, client_id=CLIENT, quarter=QUARTER, now=now)


def close(opened: Open, now: datetime, exceptions=None):
    return close_cycle(
        opened.warehouse.settings, client_id=CLIENT, quarter=QUARTER, now=now, exceptions=exceptions,
        decision=Decision(decided_by="K. Ioannou", comment="reviewed"),
    )  # fmt: skip


def test_a_whole_review(opened: Open, tmp_path):
    warehouse, settings = opened.warehouse, opened.warehouse.settings
    source = warehouse.source

    # The roster is the source's own active internal users, each once, and one line for the others.
    staff = {user for (user,) in run_sql(source, "select id from res_users where active and not share")}
    listed = warehouse.rows("select odoo_user_id from ops.access_roster where kind = 'account'")
    assert len(staff) > 10
    assert sorted(user for (user,) in listed) == sorted(staff)
    (share,) = run_sql(source, "select count(*) from res_users where active and share")[0]
    ((population,),) = warehouse.rows("select subject from ops.access_roster where kind = 'population'")
    assert population == f"{share} active portal and public users"
    # Every group that a user holds is on a line, or implied by one that is.
    unreviewed = run_sql(
        source,
        "with recursive implied as (select gid, hid from res_groups_implied_rel"
        " union select i.gid, r.hid from implied i join res_groups_implied_rel r on r.gid = i.hid)"
        " select m.uid, m.gid from res_groups_users_rel m join res_users u on u.id = m.uid and u.active and not u.share"
        " where not exists (select from res_groups_users_rel o join implied i on i.gid = o.gid"
        "  where o.uid = m.uid and i.hid = m.gid and o.gid <> m.gid)",
    )
    memberships = warehouse.rows(
        "select odoo_user_id, subject_key::bigint from ops.access_roster"
        " where kind = 'membership' and roster <> 'portal'"
    )
    assert set(memberships) == set(unreviewed)
    assert len(memberships) > 30

    with pytest.raises(ReviewCycleError, match="the review of 2026Q4 is open already"):
        open_cycle(settings, client_id=CLIENT, quarter=QUARTER, by="again", now=OPENED_AT)
    with pytest.raises(
        ReviewCycleError, match=f"{opened.exported.line_count} lines are not finished: line 1: not deci"
    ):
        close(opened, IMPORTED_AT)

    def choose(cells):
        if (cells["user id"], cells["subject key"]) == (BILLING[0], str(BILLING[1])):
            return "revoke"
        return "ask" if (cells["user id"], cells["kind"]) == (21, "account") else suggested(cells)

    decide(opened.workbook, choose, at=DECIDED)
    done = take_in(opened)
    assert (done.version, done.is_new, done.decision_count) == (1, True, opened.exported.line_count)
    again = take_in(opened)
    assert (again.version, again.is_new, again.decision_count) == (1, False, 0)
    with pytest.raises(ReviewCycleError, match=r"1 lines are not finished: line \d+: somebody has to be asked"):
        close(opened, IMPORTED_AT)
    now = standing(opened, IMPORTED_AT)
    assert (now.state, now.decided_count, now.gained_count) == ("open", now.line_count, 0)
    assert {it.state for it in now.removals} == {"pending"}
    assert now.people["deactivate"] == 4
    assert now.people["ask"] == 1

    # The client carries out two of them, and somebody gets a group that nobody reviewed.
    removals = {(it.login, it.decision): it.line for it in now.removals}
    leaver, billing = (
        removals["warehouse1@aegean.example", "deactivate"],
        removals["accounting2@aegean.example", "revoke"],
    )
    run_sql(source, "update res_users set active = false where id = %s", LEAVER)
    run_sql(source, "delete from res_groups_users_rel where uid = %s and gid = %s", *BILLING)
    run_sql(source, "insert into res_groups_users_rel (uid, gid) values (6, 21)")
    plant_acts(source)
    read_and_build(settings, source, moment=NEXT_NIGHT)
    assert acts(warehouse) == ACTS
    told = set(warehouse.rows(
        "select area, action, record_key, model, what from access.audit_event where client_id = %s and area = any (%s)",
        CLIENT, ["groups", "access rows", "record rules", "deleted records"],
    ))  # fmt: skip
    assert {row[:4] for row in told} == TOLD
    assert {row[4] for row in told if row[3] in ("account.payment", "purchase.order", "res.groups")} == {
        "payment 901", "purchase 901", "Auditors", "Timesheets of all",
    }  # fmt: skip
    coverage = dict(warehouse.rows("select area, coverage from access.audit_coverage where client_id = %s", CLIENT))
    assert coverage == COVERAGE
    now = standing(opened, NEXT_NIGHT + timedelta(hours=5))
    states = {it.line: it.state for it in now.removals}
    assert {line for line, state in states.items() if state == "done"} == {leaver, billing}
    assert {state for line, state in states.items() if line not in (leaver, billing)} == {"pending"}
    days = {it.line: it.taken_days for it in now.removals}
    decided_at = dict(warehouse.rows("select line, decided_at from ops.access_standing_decision"))
    assert days[billing] == pytest.approx((NEXT_NIGHT - decided_at[billing]).total_seconds() / 86400)
    assert now.gained_count >= 1

    # What was gained comes as a second part; the first one's decisions stand in its worksheet.
    first, second = export(settings, client_id=CLIENT, quarter=QUARTER, folder=tmp_path / "more", now=NEXT_NIGHT)
    assert (first.roster_sha256, first.part, second.part) == (opened.exported.roster_sha256, 1, 2)
    gained = warehouse.rows("select kind, odoo_user_id, subject_key from ops.access_roster where part = 2")
    assert ("membership", 6, "21") in gained
    assert take_in(opened, first.files[0], now=NEXT_NIGHT + timedelta(hours=9)).decision_count == 0
    decide(second.files[0], suggested, at=DECIDED.replace(day=21, hour=8))
    assert take_in(opened, second.files[0], now=NEXT_NIGHT + timedelta(hours=12)).decision_count == len(gained)

    # The group comes back, and the others are not carried out in time.
    run_sql(source, "insert into res_groups_users_rel (uid, gid) values (%s, %s)", *BILLING)
    late = THIRD_NIGHT + timedelta(days=20)
    read_and_build(settings, source, moment=late)
    now = standing(opened, late)
    states = {it.line: (it.state, it.detail) for it in now.removals}
    assert states[billing] == ("undone", "came back")
    assert states[leaver] == ("done", "")
    assert {state for line, state in states.items() if line not in (leaver, billing)} == {("overdue", "still there")}

    (asked,) = warehouse.rows("select line from ops.access_standing_decision where decision = 'ask'")[0]
    open_items = tmp_path / "open.yml"
    open_items.write_text(
        f"exceptions:\n- {{line: {asked}, reason: waits for the new HR lead, owner: M. Papas, until: 2027-01-31}}\n"
    )
    closed = close(opened, late, open_items)
    assert (closed.left_open_count, closed.line_count) == (1, now.line_count)
    assert standing(opened, late).state == "closed"
    with pytest.raises(ReviewCycleError, match="the review of 2026Q4 was closed at 2026-12-12"):
        take_in(opened, opened.csv)

    folder = tmp_path / "evidence"
    attested = tmp_path / "outside.csv"
    attested.write_text(
        "kind,system,account,person,right,attested_by,attested_on\n"
        "database,odoo-db,=cmd|'/c calc'!A1,A. Vlachou,superuser,M. Papas,2026-12-10\n"
    )
    done = write_evidence(
        settings, client_id=CLIENT, quarter=QUARTER, folder=folder, by="M. Papas", now=late, attested_from=attested
    )
    rows = {path.name: list(csv.DictReader(path.open(newline=""))) for path in folder.glob("*.csv")}
    assert rows["privileged_outside.csv"][0]["account"] == "'=cmd|'/c calc'!A1"
    population = {(row["part"], row["what"]): row for row in rows["population.csv"]}
    (users,) = run_sql(source, "select count(*) from res_users")[0]
    assert int(population["1", "res.users"]["source_count"]) == users
    assert population["1", "res.users"]["verdict"] == "complete"
    assert population["1", "res.users"]["query"] == "select count(*) from res_users"
    assert {row["line"]: row["state"] for row in rows["carried_out.csv"]}[str(billing)] == "undone"
    assert len(rows["roster.csv"]) == now.line_count
    assert rows["left_open.csv"][0]["owner"] == "M. Papas"
    assert rows["timeliness.csv"][0]["is_closed_in_time"] == "False"
    report = verify_evidence(folder)
    assert (report.verdict, report.manifest_sha256) == ("valid", done.manifest_sha256)
    assert known_evidence(settings, report).verdict == "valid"

    content = (folder / "decisions.csv").read_text()
    (folder / "decisions.csv").write_text(content.replace(",keep,", ",revoke,", 1))
    report = verify_evidence(folder)
    assert (report.verdict, report.changed) == ("changed", ("decisions.csv: its content has another hash",))
    (folder / "decisions.csv").write_text(content)
    (folder / "roster.csv").unlink()
    assert (verify_evidence(folder).verdict, verify_evidence(folder).missing) == ("incomplete", ("roster.csv",))
