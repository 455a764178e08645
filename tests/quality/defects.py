"""One planted defect per expectation: SQL that makes exactly that expectation fail, for one client or for all."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Defect:
    """`%(client)s` in the SQL is the client that gets the defect; `also` fails with it, because it asks the same."""

    sql: str
    also: tuple[tuple[str, str], ...] = ()
    stranger: bool = False  # the rows belong to a client made up by the defect


_LOST = "delete from {table} where client_id = %(client)s"
_DOUBLED = "insert into {table} select * from {table} where client_id = %(client)s limit 1"


def _set(table: str, assignment: str, where: str = "true", *, rows: int | None = None) -> Defect:
    limit = f" limit {rows}" if rows else ""
    return Defect(
        f"update {table} set {assignment} where ctid in"
        f" (select ctid from {table} where client_id = %(client)s and {where} order by ctid{limit})"
    )


def _common(table: str) -> dict[str, Defect]:
    return {
        "known_clients": Defect(
            f"create temp table stranger as select * from {table} where client_id = %(client)s;"
            f" update stranger set client_id = %(client)s || '_unknown'; insert into {table} select * from stranger;"
            " drop table stranger",
            stranger=True,
        ),
        "quarter_under_review": _set(table, "quarter = '2026Q3'"),
        "grain": Defect(_DOUBLED.format(table=table)),
        "as_of": _set(table, "as_of_at = as_of_at + interval '1 second'", rows=1),
    }


_SCORECARD = "review_candidate.scorecard"
_FLOW = "review_candidate.ticket_flow"
_ACCESS = "review_candidate.access_user"
_RULE = "review_candidate.access_rule"
_EXCEPTION = "review_candidate.access_exception"
_CHANGE = "review_candidate.module_change"
_DRIFT = "drift.module_change"
_CURRENCY = "drift.version_currency"
_SIGNAL = "drift.signal"
_HISTORY = "snapshots.ir_module_module"
_WEEKS = "tickets.flow_weekly"
_QUARTERS = "tickets.flow_quarterly"
_TREND = "tickets.trend"
_USERS = "access.user"
_CONFIG = "drift.config_change"
_NET = "drift.config_drift"
_STATES = "snapshots.configuration"
_ALL = (
    _SCORECARD,
    _FLOW,
    _ACCESS,
    _RULE,
    _EXCEPTION,
    _CHANGE,
    _CONFIG,
    _NET,
    _DRIFT,
    _CURRENCY,
    _SIGNAL,
    _WEEKS,
    _QUARTERS,
    _TREND,
    _USERS,
)

_NO_HISTORY = "".join(f"delete from {table} where client_id = %(client)s;" for table in (_DRIFT, _CHANGE, _HISTORY))


def _another_change(table: str, changed_at: str) -> str:
    bookkeeping = ", build_id" if table == _CHANGE else ""
    return (
        f"insert into {table} select client_id, quarter, module, '{changed_at}', change, before_state, after_state,"
        f" before_version, after_version, as_of_at{bookkeeping} from {table} where client_id = %(client)s limit 1;"
    )


_ANOTHER_VERSION = (
    f"insert into {_HISTORY} select client_id, odoo_module_id, module_name, state, '17.0.1.1', is_deleted,"
    f" '2026-11-03 02:00+00', null from {_HISTORY} where client_id = %(client)s limit 1;"
)


def _flow_defects(table: str, *, first: str, last: str, earlier: str) -> dict[str, Defect]:
    return {
        **_common(table),
        "client_coverage": Defect(_LOST.format(table=table)),
        "counts_not_negative": _set(table, "stamped_close_count = -1", f"period = '{first}'"),
        "backlog_follows": _set(table, "backlog_count = backlog_count + 5", f"period = '{last}'"),
        "periods_contiguous": _set(table, f"period_start_on = '{earlier}'", f"period = '{first}'"),
        "completeness_of_period": _set(table, "is_period_complete = true", f"period = '{last}'"),
    }


# Keyed by suite and expectation: what fails for the client it is planted in, and nothing else does.
FOR_ONE_CLIENT: dict[tuple[str, str], Defect] = {
    (suite, expectation): defect
    for suite, defects in {
        "quality.checked_client": {
            "client_coverage": Defect(
                "delete from ops.build_client where client_id = %(client)s;"
                + "".join(f"delete from {table} where client_id = %(client)s;" for table in _ALL)
            ),
            "is_read": Defect(
                "update ops.build_client set is_read = false, reason = 'the source did not answer'"
                " where client_id = %(client)s"
            ),
            "is_registered": Defect(
                "delete from ops.client where client_id = %(client)s;"
                + "".join(f"delete from {table} where client_id = %(client)s;" for table in _ALL)
                + "update ops.build_client set is_read = false where client_id = %(client)s",
                also=(("quality.checked_client", "is_read"),),
            ),
        },
        _SCORECARD: {
            **_common(_SCORECARD),
            "one_build": _set(_SCORECARD, "build_id = 'build-0'", rows=1),
            "client_coverage": Defect(_LOST.format(table=_SCORECARD)),
            "six_kpis": Defect(f"delete from {_SCORECARD} where client_id = %(client)s and kpi = 'audit_prep_effort'"),
            "kpi_known": Defect(
                f"insert into {_SCORECARD} select client_id, quarter, 'mood', value, unit, previous_value, verdict,"
                f" reason, as_of_at, completeness_pct, is_quarter_complete, build_id from {_SCORECARD}"
                " where client_id = %(client)s and kpi = 'ticket_trend'"
            ),
            "verdict_known": _set(_SCORECARD, "verdict = 'fine'", "kpi = 'ticket_trend'"),
            "verdict_given": _set(_SCORECARD, "verdict = null", "kpi = 'ticket_trend'"),
            "verdict_has_value": _set(_SCORECARD, "value = null", "kpi = 'ticket_trend'"),
            "na_has_no_value": _set(_SCORECARD, "value = 0", "kpi = 'optimisation_throughput'"),
            "reason_given": _set(_SCORECARD, "reason = ' '", "kpi = 'audit_prep_effort'"),
            "finite_value": _set(_SCORECARD, "previous_value = 'NaN'", "kpi = 'audit_prep_effort'"),
            "unit_known": _set(_SCORECARD, "unit = 'bananas'", "kpi = 'audit_prep_effort'"),
            "value_in_range": _set(_SCORECARD, "value = -1", "kpi = 'version_upgrade_age'"),
            "complete": _set(_SCORECARD, "completeness_pct = 99.8", rows=1),
            "wholly_complete": _set(_SCORECARD, "completeness_pct = 99.95", rows=1),
            "quarter_complete": _set(_SCORECARD, "is_quarter_complete = true", rows=1),
        },
        _FLOW: {
            **_common(_FLOW),
            "one_build": _set(_FLOW, "build_id = null", rows=1),
            "client_coverage": Defect(_LOST.format(table=_FLOW)),
            "period_kind_known": _set(_FLOW, "period_kind = 'month'", "period = '2026W40'"),
            "backlog_not_negative": _set(_FLOW, "backlog_count = -1", rows=1),
            "flow_not_negative": _set(_FLOW, "closed_count = -1", rows=1),
            "period_named_by_its_start": _set(_FLOW, "period = '2026W01'", "period = '2026W44'"),
            "period_starts_on_its_first_day": _set(
                _FLOW, "period_start_on = period_start_on + 1", "period = '2026W45'"
            ),
            "periods_contiguous": Defect(f"delete from {_FLOW} where client_id = %(client)s and period = '2026W45'"),
            "quarter_under_review_present": Defect(
                f"delete from {_FLOW} where client_id = %(client)s and period = '2026Q4'",
                also=((_FLOW, "backlog_agrees"),),
            ),
            "backlog_agrees": _set(_FLOW, "backlog_count = 17", "period = '2026W47'"),
        },
        _ACCESS: {
            **_common(_ACCESS),
            "one_build": _set(_ACCESS, "build_id = 'build-2'", rows=1),
            "client_coverage": Defect(_LOST.format(table=_ACCESS)),
            "user_kind_known": _set(_ACCESS, "user_kind = 'robot'", "odoo_user_id = 9"),
            "employee_state_known": _set(_ACCESS, "employee_state = 'on leave'", "odoo_user_id = 9"),
            "internal_users": _set(_ACCESS, "user_kind = 'share'", "user_kind = 'internal'"),
            "one_superuser": _set(_ACCESS, "user_kind = 'superuser'", "odoo_user_id = 7"),
            "groups_counted": _set(_ACCESS, "group_count = 5", "odoo_user_id = 7"),
            "login_not_in_future": _set(_ACCESS, "last_login_at = as_of_at + interval '1 second'", "odoo_user_id = 7"),
            "active_internal_user_has_groups": _set(_ACCESS, "group_count = 0, group_names = '{}'", "odoo_user_id = 7"),
        },
        _RULE: {
            **_common(_RULE),
            "one_build": _set(_RULE, "build_id = 'build-0'", rows=1),
            "client_coverage": Defect(
                _LOST.format(table=_RULE) + ";" + _LOST.format(table=_EXCEPTION),
                also=((_EXCEPTION, "client_coverage"),),
            ),
            "grain": Defect(
                f"insert into {_RULE} select * from {_RULE} where client_id = %(client)s and rule = 'stale'"
            ),
            "severity_known": _set(_RULE, "severity = 'bad'", "rule = 'stale'"),
            "reason_given": _set(_RULE, "reason = ''", "rule = 'no_second_factor'"),
            "no_count_where_not_judged": _set(_RULE, "found_count = 0", "rule = 'no_second_factor'"),
        },
        _EXCEPTION: {
            **_common(_EXCEPTION),
            "one_build": _set(_EXCEPTION, "build_id = 'build-0'", rows=1),
            "row_count": Defect(_LOST.format(table=_EXCEPTION)),
            "client_coverage": Defect(
                _LOST.format(table=_RULE) + ";" + _LOST.format(table=_EXCEPTION), also=((_RULE, "client_coverage"),)
            ),
            "severity_known": _set(_EXCEPTION, "severity = 'bad'", "policy = 'sod.yml'"),
            "judged_only": _set(_EXCEPTION, "rule = 'no_second_factor'", "policy = 'access.yml'"),
            "user_known": _set(_EXCEPTION, "odoo_user_id = 77", "policy = 'access.yml'"),
            "evidence_given": _set(_EXCEPTION, "evidence_ids = '{}'", "policy = 'access.yml'"),
            "exemption_complete": _set(_EXCEPTION, "exempt_until_on = null", "policy = 'access.yml'"),
        },
        _CHANGE: {
            **_common(_CHANGE),
            "one_build": _set(_CHANGE, "build_id = 'build-0'"),
            "grain": Defect(
                _DOUBLED.format(table=_CHANGE) + ";" + _another_change(_DRIFT, "2026-11-03 02:00+00") + _ANOTHER_VERSION
            ),
            "row_count": Defect(_LOST.format(table=_CHANGE)),
            "client_coverage": Defect(_NO_HISTORY, also=((_DRIFT, "client_coverage"),)),
            "change_known": _set(_CHANGE, "change = 'painted'"),
            "before_and_after_differ": _set(_CHANGE, "before_state = after_state, before_version = after_version"),
            "change_in_quarter": _set(_CHANGE, "changed_at = '2026-09-30 20:59:59+00'"),
        },
        _DRIFT: {
            **_common(_DRIFT),
            "grain": Defect(
                _DOUBLED.format(table=_DRIFT) + ";" + _another_change(_CHANGE, "2026-11-03 02:00+00") + _ANOTHER_VERSION
            ),
            "row_count": Defect(
                _another_change(_DRIFT, "2026-01-01 02:00+00") + _another_change(_CHANGE, "2026-11-03 02:00+00")
            ),
            "client_coverage": Defect(_NO_HISTORY, also=((_CHANGE, "client_coverage"),)),
            "change_known": _set(_DRIFT, "change = 'painted'"),
            "before_and_after_differ": _set(_DRIFT, "before_state = after_state, before_version = after_version"),
            "change_in_history": _set(_DRIFT, "changed_at = changed_at + interval '1 day'"),
        },
        _CONFIG: {
            **_common(_CONFIG),
            "row_count": Defect(
                f"insert into {_CONFIG} select client_id, 'another ' || n, kind, entity, what, before_value,"
                f" after_value, seen_at, origin, is_explained, explained_by, quarter, as_of_at from {_CONFIG},"
                " generate_series(1, 3) n where client_id = %(client)s"
            ),
            "client_coverage": Defect(
                f"delete from {_CONFIG} where client_id = %(client)s;"
                f" delete from {_STATES} where client_id = %(client)s"
            ),
            "kind_known": _set(_CONFIG, "kind = 'painted'"),
            "origin_known": _set(_CONFIG, "origin = 'the moon'"),
            "finding_in_history": _set(_CONFIG, "seen_at = seen_at + interval '1 day'"),
            "explanation_named": _set(_CONFIG, "is_explained = true"),
            "secrets_hashed": _set(_CONFIG, "after_value = 'value: hunter2'"),
        },
        _NET: {
            **_common(_NET),
            "quarter_under_review": _set(_NET, "quarter = '2026Q3'", rows=1),
            "row_count": Defect(f"delete from {_NET} where client_id = %(client)s and area = 'mail'"),
            "client_coverage": Defect(_LOST.format(table=_NET)),
            "grain": Defect(f"insert into {_NET} select * from {_NET} where client_id = %(client)s and area = 'mail'"),
            "counts_add_up": _set(_NET, "explained_count = 1", "area = 'settings'"),
            "agrees_with_differences": Defect(
                "insert into drift.baseline_difference values (%(client)s, 'onboarding', 'another')"
            ),
        },
        _CURRENCY: {
            **_common(_CURRENCY),
            "client_coverage": Defect(_LOST.format(table=_CURRENCY)),
            "majors_behind_in_range": _set(_CURRENCY, "majors_behind = -1"),
            "upgrade_in_past": _set(_CURRENCY, "upgrade_age_days = -1"),
            "reason_given": _set(_CURRENCY, "upgrade_age_days = null"),
            "version_known": _set(_CURRENCY, "major = null"),
            "series_matches_major": _set(_CURRENCY, "series = '18.0'"),
        },
        _SIGNAL: {
            **_common(_SIGNAL),
            "client_coverage": Defect(_LOST.format(table=_SIGNAL)),
            "six_signals": Defect(f"delete from {_SIGNAL} where client_id = %(client)s and signal = 'ticket_queue'"),
            "verdict_known": _set(_SIGNAL, "verdict = 'fine'", "signal = 'ticket_queue'"),
            "verdict_has_value": _set(_SIGNAL, "value = null", "signal = 'ticket_queue'"),
            "reason_given": _set(_SIGNAL, "reason = ' '", "signal = 'ticket_queue'"),
            "verdict_follows_threshold": _set(_SIGNAL, "value = 50", "signal = 'workarounds'"),
        },
        _WEEKS: _flow_defects(_WEEKS, first="2026W40", last="2026W47", earlier="2026-09-21"),
        _QUARTERS: {
            **_flow_defects(_QUARTERS, first="2026Q3", last="2026Q4", earlier="2026-04-01"),
            "agrees_with_weeks": _set(
                _QUARTERS, "opened_count = opened_count + 1, closed_count = closed_count + 1", "period = '2026Q4'"
            ),
        },
        _TREND: {
            **_common(_TREND),
            "client_coverage": Defect(_LOST.format(table=_TREND)),
            "trend_known": _set(_TREND, "trend = 'sinking'"),
            "reason_given": _set(_TREND, "reason = ''"),
            "claim_has_two_years": _set(_TREND, "week_count = 103"),
            "claim_agrees_with_change": _set(_TREND, "change_pct = 1, change_low_pct = 0, change_high_pct = 2"),
            "interval_holds_change": _set(_TREND, "change_low_pct = -5"),
        },
        _USERS: {
            **_common(_USERS),
            "client_coverage": Defect(_LOST.format(table=_USERS)),
            "user_kind_known": _set(_USERS, "user_kind = 'robot'", "odoo_user_id = 9"),
            "employee_state_known": _set(_USERS, "employee_state = 'on leave'", "odoo_user_id = 9"),
            "internal_users": _set(_USERS, "user_kind = 'share'", "user_kind = 'internal'"),
            "groups_counted": _set(_USERS, "group_count = 5", "odoo_user_id = 7"),
        },
    }.items()
    for expectation, defect in defects.items()
}

_EARLIER = (
    "insert into ops.night (night_id, as_of_at, client_ids, state, started_at) select %(client)s || ' ' || n,"
    " '2026-11-21 02:00+00'::timestamptz - n * interval '1 day', array[%(client)s], 'finished', now()"
    " from generate_series({nights}) n; insert into ops.completeness select %(client)s || ' ' || n, %(client)s,"
    " '{model}', {count}, {count}, 0, 'digest', 'complete', now() from generate_series({nights}) n;"
)
_READING = "quality.model_reading"
FOR_ONE_CLIENT |= {
    (_READING, expectation): defect
    for expectation, defect in {
        "client_coverage": Defect("delete from ops.completeness where client_id = %(client)s"),
        "every_model_read": Defect(_EARLIER.format(nights="1, 1", model="res.partner", count=100)),
        "fresh": Defect(
            _EARLIER.format(nights="2, 2", model="helpdesk.ticket", count=100)
            + "update ops.build_client set last_night_id = %(client)s || ' 2' where client_id = %(client)s"
        ),
        "proven": Defect("update ops.completeness set verdict = 'incomplete' where client_id = %(client)s"),
        "references_hold": Defect(
            "insert into raw.helpdesk_ticket (client_id, id, stage_id, _row_version, _read_at, _night_id)"
            " select %(client)s, n, 99, 3, now(), 'night-1' from generate_series(1, 6) n"
        ),
        "volume_as_usual": Defect(_EARLIER.format(nights="1, 7", model="helpdesk.ticket", count=1000)),
    }.items()
}

_PER_CLIENT = (_SCORECARD, _FLOW, _ACCESS, _CURRENCY, _SIGNAL, _WEEKS, _QUARTERS, _TREND, _USERS)

# What fails as a whole. An empty table lacks every client as well.
FOR_ALL_CLIENTS: dict[tuple[str, str], Defect] = {
    ("quality.checked_client", "row_count"): Defect(
        "delete from ops.build_client; update ops.client set is_active = false;"
        + "".join(f"delete from {table};" for table in _ALL),
        # Without a client that was read, an empty list of users is no defect.
        also=tuple((table, "row_count") for table in _PER_CLIENT if table not in (_ACCESS, _USERS)),
    ),
    **{
        (table, "row_count"): Defect(f"delete from {table}", also=((table, "client_coverage"),))
        for table in _PER_CLIENT
    },
    (_READING, "row_count"): Defect("delete from ops.completeness", also=((_READING, "client_coverage"),)),
    (_RULE, "row_count"): Defect(
        f"delete from {_RULE}; delete from {_EXCEPTION}",
        also=((_RULE, "client_coverage"), (_EXCEPTION, "client_coverage")),
    ),
    **{
        (table, "columns"): Defect(f"alter table {table} add column mood text")
        for table in (_SCORECARD, _FLOW, _ACCESS, _RULE, _EXCEPTION, _CHANGE)
    },
}
