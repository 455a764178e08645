"""One planted defect per expectation: SQL that makes exactly that expectation fail, for one client or for all."""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class Defect:
    """`%(client)s` in the SQL is the client that gets the defect; `also` fails with it, because it asks the same."""

    sql: str
    also: tuple[tuple[str, str], ...] = ()
    stranger: bool = False  # the rows belong to a client made up by the defect


_LOST = "delete from {table} where client_id = %(client)s"
_DOUBLED = "insert into {table} select * from {table} where client_id = %(client)s limit 1"


def _set(
    table: str,
    assignment: str,
    where: str = "true",
    *,
    rows: int | None = None,
    also: tuple[tuple[str, str], ...] = (),
) -> Defect:
    limit = f" limit {rows}" if rows else ""
    return Defect(
        f"update {table} set {assignment} where ctid in"
        f" (select ctid from {table} where client_id = %(client)s and {where} order by ctid{limit})",
        also=also,
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
_RATE = "masterdata.rate"
_WRONG = "masterdata.exception"
_MARTS = "is_the_marts"
_PUBLISHED_RATE = "review_candidate.master_data_rate"
_PUBLISHED_WRONG = "review_candidate.master_data_exception"
_CHANGE = "review_candidate.module_change"
_DRIFT = "drift.module_change"
_PUBLISHED_CURRENCY = "review_candidate.version_currency"
_PUBLISHED_SIGNAL = "review_candidate.signal"
_PUBLISHED_NET = "review_candidate.config_drift"
_IMPACT = "review_candidate.upgrade_impact"
_CURRENCY = "drift.version_currency"
_SIGNAL = "drift.signal"
_HISTORY = "snapshots.ir_module_module"
_WEEKS = "tickets.flow_weekly"
_QUARTERS = "tickets.flow_quarterly"
_TREND = "tickets.trend"
_CLAIM = "review_candidate.ticket_trend"
_SERVICE = "review_candidate.ticket_service"
_DRIVER = "review_candidate.ticket_driver"
_USERS = "access.user"
_CONFIG = "drift.config_change"
_NET = "drift.config_drift"
_STATES = "snapshots.configuration"
_CUSTOM = "drift.customisation"
_COVERAGE = "drift.test_coverage"
_TOUCHED = "drift.config_touched"
_EFFECT = "drift.change_effect"
_DIFFERENCE = "drift.baseline_difference"
_APPROVED = "drift.approved_change"
_BREAKS = "drift.upgrade_impact"
_STAGED = "quality.staged_model"
_TICKETS = "staging.stg_odoo__helpdesk_ticket"
_RAW_TICKETS = "raw.helpdesk_ticket"
_ALL = (
    _CUSTOM,
    _COVERAGE,
    _TOUCHED,
    _EFFECT,
    _DIFFERENCE,
    _APPROVED,
    _BREAKS,
    _SCORECARD,
    _FLOW,
    _ACCESS,
    _RULE,
    _EXCEPTION,
    _RATE,
    _WRONG,
    _PUBLISHED_RATE,
    _PUBLISHED_WRONG,
    _CHANGE,
    _PUBLISHED_CURRENCY,
    _PUBLISHED_SIGNAL,
    _PUBLISHED_NET,
    _IMPACT,
    _CONFIG,
    _NET,
    _DRIFT,
    _CURRENCY,
    _SIGNAL,
    _WEEKS,
    _QUARTERS,
    _TREND,
    _CLAIM,
    _SERVICE,
    _DRIVER,
    _USERS,
)

_NO_HISTORY = (
    "".join(f"delete from {table} where client_id = %(client)s;" for table in (_DRIFT, _CHANGE, _HISTORY, _COVERAGE))
    + f"delete from {_CUSTOM} where client_id = %(client)s and kind = 'module';"
)


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

_ANOTHER_DIFFERENCE = (
    f"insert into {_DIFFERENCE} select client_id, baseline, 'another {{number}}', baseline_at, kind, entity, what,"
    " before_value, after_value, origin, is_explained, explained_by, evidence_count, quarter, as_of_at"
    f" from {_DIFFERENCE} where client_id = %(client)s and finding_id = 'finding';"
)

_ANOTHER_MODULE = (
    "insert into {table} select client_id, 'another', coverage_state, reason, covered_pct, covered_line_count,"
    " line_count, test_count, failed_count, skipped_count, message_count, weight, quarter, as_of_at from {table}"
    " where client_id = %(client)s"
)


def _trend(
    assignment: str, where: str = "category = ''", *, also: tuple[tuple[str, str], ...] = ((_CLAIM, "is_the_marts"),)
) -> Defect:
    """Spoil the mart's claim; what was published of it no longer agrees where words or numbers of it are shown."""
    return replace(_set(_TREND, assignment, where), also=also)


def _seen_in(published: str, defects: dict[str, Defect]) -> dict[str, Defect]:
    """Spoiled on one side only, what is published is no longer the mart's."""
    return {name: replace(defect, also=(*defect.also, (published, _MARTS))) for name, defect in defects.items()}


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
            "verdict_has_value": _set(_SCORECARD, "value = null", "kpi = 'version_upgrade_age'"),
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
        _RATE: {
            **_seen_in(_PUBLISHED_RATE, _common(_RATE)),
            "client_coverage": Defect(
                _LOST.format(table=_RATE) + ";" + _LOST.format(table=_WRONG),
                also=((_WRONG, "client_coverage"), (_PUBLISHED_RATE, _MARTS), (_PUBLISHED_WRONG, _MARTS)),
            ),
            **_seen_in(
                _PUBLISHED_RATE,
                {
                    "total_is_its_parts": _set(_RATE, "looked_at_count = 50, rate_pct = 4", "model = ''"),
                    "rate_is_its_counts": _set(_RATE, "rate_pct = 26", "rule = 'customer_gap'"),
                    "found_within_looked_at": _set(_RATE, "waived_count = -1", "model = 'res.partner' and rule = ''"),
                    "rule_within_model": _set(
                        _RATE, "found_count = 3, rate_pct = 75", "rule = 'customer_gap'", also=((_WRONG, "row_count"),)
                    ),
                    "reason_given": _set(_RATE, "reason = ''", "rule = 'unit_factor'"),
                    "no_count_where_not_judged": _set(_RATE, "found_count = 0", "rule = 'unit_factor'"),
                },
            ),
        },
        _WRONG: {
            **_seen_in(_PUBLISHED_WRONG, _common(_WRONG)),
            "row_count": Defect(
                f"delete from {_WRONG} where client_id = %(client)s and rule = 'customer_gap'",
                also=((_PUBLISHED_WRONG, _MARTS),),
            ),
            "client_coverage": Defect(
                _LOST.format(table=_RATE) + ";" + _LOST.format(table=_WRONG),
                also=((_RATE, "client_coverage"), (_PUBLISHED_RATE, _MARTS), (_PUBLISHED_WRONG, _MARTS)),
            ),
            **_seen_in(
                _PUBLISHED_WRONG,
                {
                    "judged_only": _set(_WRONG, "rule = 'unit_factor'", "rule = 'customer_gap'"),
                    "since_before": _set(_WRONG, "open_days = 21", "rule = 'customer_gap'"),
                    "double_of_an_earlier": _set(_WRONG, "other_record_id = 30", "record_id = 21"),
                    "waiver_complete": _set(_WRONG, "waived_until_on = null", "record_id = 23"),
                    "since_basis_known": _set(_WRONG, "since_basis = 'guessed'", "record_id = 21"),
                },
            ),
        },
        _PUBLISHED_RATE: {
            **_seen_in(_PUBLISHED_RATE, _common(_PUBLISHED_RATE)),
            "one_build": _set(_PUBLISHED_RATE, "build_id = 'build-0'", rows=1),
            "client_coverage": Defect(
                _LOST.format(table=_PUBLISHED_RATE) + ";" + _LOST.format(table=_PUBLISHED_WRONG),
                also=((_PUBLISHED_WRONG, "client_coverage"), (_PUBLISHED_RATE, _MARTS), (_PUBLISHED_WRONG, _MARTS)),
            ),
            _MARTS: _set(_PUBLISHED_RATE, "title = 'Another'", "rule = 'customer_gap'"),
            "scorecard_agrees": _set(_SCORECARD, "value = 6, verdict = 'act'", "kpi = 'master_data_exception_rate'"),
        },
        _PUBLISHED_WRONG: {
            **_seen_in(_PUBLISHED_WRONG, _common(_PUBLISHED_WRONG)),
            "one_build": _set(_PUBLISHED_WRONG, "build_id = 'build-0'", rows=1),
            "row_count": Defect(_LOST.format(table=_PUBLISHED_WRONG), also=((_PUBLISHED_WRONG, _MARTS),)),
            "client_coverage": Defect(
                _LOST.format(table=_PUBLISHED_RATE) + ";" + _LOST.format(table=_PUBLISHED_WRONG),
                also=((_PUBLISHED_RATE, "client_coverage"), (_PUBLISHED_RATE, _MARTS), (_PUBLISHED_WRONG, _MARTS)),
            ),
            _MARTS: _set(_PUBLISHED_WRONG, "title = 'Another'", "record_id = 21"),
            **_seen_in(
                _PUBLISHED_WRONG,
                {
                    "severity_known": _set(_PUBLISHED_WRONG, "severity = 'bad'", "record_id = 21"),
                    "kind_known": _set(_PUBLISHED_WRONG, "kind = 'oddity'", "record_id = 26"),
                },
            ),
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
                f"insert into {_CONFIG} select client_id, 'another ' || n, kind, entity, entity_key, what,"
                f" before_value, after_value, seen_at, origin, is_explained, explained_by, quarter, as_of_at"
                f" from {_CONFIG}, generate_series(1, 3) n where client_id = %(client)s",
                also=((_EFFECT, "every_change_followed"),),
            ),
            "client_coverage": Defect(
                f"{_LOST.format(table=_CONFIG)};{_LOST.format(table=_EFFECT)};"
                f"{_LOST.format(table=_STATES)} and record_id = 0"
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
            "agrees_with_differences": Defect(_ANOTHER_DIFFERENCE.format(number=1)),
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
        _PUBLISHED_CURRENCY: {
            **_common(_PUBLISHED_CURRENCY),
            "one_build": _set(_PUBLISHED_CURRENCY, "build_id = 'build-0'"),
            "client_coverage": Defect(_LOST.format(table=_PUBLISHED_CURRENCY)),
            "unknown_says_why": _set(_PUBLISHED_CURRENCY, "newer_on_disk_reason = ''"),
            "upgrade_in_past": _set(_PUBLISHED_CURRENCY, "upgrade_age_days = -1"),
        },
        _PUBLISHED_SIGNAL: {
            **_common(_PUBLISHED_SIGNAL),
            "one_build": _set(_PUBLISHED_SIGNAL, "build_id = 'build-0'", rows=1),
            "client_coverage": Defect(_LOST.format(table=_PUBLISHED_SIGNAL)),
            "six_signals": Defect(
                f"delete from {_PUBLISHED_SIGNAL} where client_id = %(client)s and signal = 'ticket_queue'"
            ),
            "verdict_known": _set(_PUBLISHED_SIGNAL, "verdict = 'fine'", "signal = 'ticket_queue'"),
            "verdict_has_value": _set(_PUBLISHED_SIGNAL, "value = null", "signal = 'ticket_queue'"),
        },
        _PUBLISHED_NET: {
            **_common(_PUBLISHED_NET),
            "one_build": _set(_PUBLISHED_NET, "build_id = 'build-0'", rows=1),
            "quarter_under_review": _set(_PUBLISHED_NET, "quarter = '2026Q3'"),
            "row_count": Defect(f"delete from {_PUBLISHED_NET} where client_id = %(client)s and area = 'mail'"),
            "client_coverage": Defect(_LOST.format(table=_PUBLISHED_NET)),
            "grain": Defect(
                f"insert into {_PUBLISHED_NET} select * from {_PUBLISHED_NET}"
                " where client_id = %(client)s and area = 'mail'"
            ),
            "counts_add_up": _set(_PUBLISHED_NET, "explained_count = 1", "area = 'settings'"),
        },
        _IMPACT: {
            **_common(_IMPACT),
            "one_build": _set(_IMPACT, "build_id = 'build-0'", rows=1),
            # Twice in the same place: as many rows as places, one of them doubled and one lost.
            "grain": _set(_IMPACT, "odoo_id = 5", "odoo_id = 6"),
            "row_count": _set(_IMPACT, "plan_position = 3", "plan_position = 2"),
            "client_coverage": Defect(
                f"{_LOST.format(table=_IMPACT)};{_LOST.format(table=_PUBLISHED_CURRENCY)}",
                also=((_PUBLISHED_CURRENCY, "client_coverage"),),
            ),
            "effort_known": _set(_IMPACT, "effort = 'huge'", "odoo_id = 5"),
            "no_impact_was_assessed": _set(_IMPACT, "not_assessed_count = 1", "odoo_id = 6"),
        },
        _CUSTOM: {
            **_common(_CUSTOM),
            "row_count": Defect(
                f"insert into {_CUSTOM} select client_id, kind, odoo_id + 1, item, origin, size, changed_at, age_days,"
                f" quarter, as_of_at from {_CUSTOM} where client_id = %(client)s and kind = 'module'"
            ),
            "client_coverage": Defect(";".join(_LOST.format(table=table) for table in (_CUSTOM, _COVERAGE, _BREAKS))),
            "kind_known": _set(_CUSTOM, "kind = 'ghost'", "odoo_id = 6", also=((_BREAKS, "item_is_custom"),)),
            "origin_known": _set(_CUSTOM, "origin = 'the moon'", "odoo_id = 6"),
            "item_named": _set(_CUSTOM, "item = ' '", "odoo_id = 6"),
            "nothing_in_future": _set(_CUSTOM, "changed_at = as_of_at + interval '1 second'", "odoo_id = 6"),
            "size_not_negative": _set(_CUSTOM, "size = -1", "odoo_id = 6"),
        },
        _COVERAGE: {
            **_common(_COVERAGE),
            "row_count": Defect(_ANOTHER_MODULE.format(table=_COVERAGE)),
            "client_coverage": Defect(_LOST.format(table=_COVERAGE)),
            "every_module_judged": _set(_COVERAGE, "module = 'another'"),
            "state_known": _set(_COVERAGE, "coverage_state = 'guessed', covered_pct = null"),
            "unknown_says_why": _set(_COVERAGE, "coverage_state = 'unknown', covered_pct = null"),
            "share_in_range": _set(_COVERAGE, "covered_pct = 150, covered_line_count = 60"),
            "share_of_its_lines": _set(_COVERAGE, "covered_line_count = 10"),
            "tests_add_up": _set(_COVERAGE, "failed_count = 11"),
            "weight_counts_messages": _set(_COVERAGE, "weight = 1"),
        },
        _TOUCHED: {
            **_common(_TOUCHED),
            "row_count": Defect(
                f"insert into {_TOUCHED} select client_id, entity, '9' || n, seen_at, quarter, as_of_at"
                f" from {_TOUCHED}, generate_series(1, 3) n where client_id = %(client)s"
            ),
            "client_coverage": Defect(
                f"{_LOST.format(table=_TOUCHED)};{_LOST.format(table=_STATES)} and record_id = 0",
            ),
            "touch_in_history": _set(_TOUCHED, "seen_at = seen_at + interval '1 day'"),
            "no_finding": _set(_TOUCHED, "entity_key = '1'"),
        },
        _EFFECT: {
            **_common(_EFFECT),
            "row_count": Defect(
                f"insert into {_EFFECT} select client_id, 'another', effect, reason, ticket_count, ticket_count_low,"
                " ticket_count_high, expected_count, expected_count_low, expected_count_high, quarter, as_of_at"
                f" from {_EFFECT} where client_id = %(client)s"
            ),
            "client_coverage": Defect(_LOST.format(table=_EFFECT)),
            "effect_known": _set(_EFFECT, "effect = 'doom'"),
            "every_change_followed": _set(_EFFECT, "finding_id = 'another'"),
            "unknown_says_why": _set(_EFFECT, "effect = 'n/a'"),
            "interval_holds_count": _set(_EFFECT, "ticket_count = 55"),
            "claim_rests_on_intervals": _set(_EFFECT, "expected_count_high = 30"),
        },
        _DIFFERENCE: {
            **_common(_DIFFERENCE),
            "grain": Defect(
                _DOUBLED.format(table=_DIFFERENCE) + f"; update {_NET} set difference_count = 2, unexplained_count = 2"
                " where client_id = %(client)s and area = 'settings'"
            ),
            "row_count": Defect(
                "".join(_ANOTHER_DIFFERENCE.format(number=number) for number in range(4))
                + f" update {_NET} set difference_count = 5, unexplained_count = 5"
                " where client_id = %(client)s and area = 'settings'"
            ),
            "client_coverage": Defect(_LOST.format(table=_DIFFERENCE), also=((_NET, "agrees_with_differences"),)),
            "kind_known": _set(_DIFFERENCE, "kind = 'painted'"),
            "origin_known": _set(_DIFFERENCE, "origin = 'the moon'"),
            "baseline_set": _set(_DIFFERENCE, "baseline_at = baseline_at + interval '1 day'"),
            "explanation_named": _set(_DIFFERENCE, "explained_by = 'CHG-131'"),
            "evidence_counted": _set(_DIFFERENCE, "evidence_count = 0"),
            "secrets_hashed": _set(_DIFFERENCE, "before_value = 'value: hunter2'"),
        },
        _APPROVED: {
            **_common(_APPROVED),
            "row_count": Defect(
                f"insert into {_APPROVED} select client_id, 'another', from_on, until_on, finding_count, state,"
                f" message, quarter, as_of_at from {_APPROVED} where client_id = %(client)s"
            ),
            "client_coverage": Defect(_LOST.format(table=_APPROVED)),
            "state_known": _set(_APPROVED, "state = 'lost'"),
            "state_follows_count": _set(_APPROVED, "finding_count = 1"),
            "trouble_has_words": _set(_APPROVED, "message = ''"),
            "days_in_order": _set(_APPROVED, "until_on = '2026-10-31'"),
        },
        _BREAKS: {
            **_common(_BREAKS),
            # Twice in the same place: as many rows as places, one of them doubled and one lost.
            "grain": _set(_BREAKS, "odoo_id = 5", "odoo_id = 6"),
            "row_count": _set(_BREAKS, "plan_position = 3", "plan_position = 2"),
            "client_coverage": Defect(_LOST.format(table=_BREAKS)),
            "effort_known": _set(_BREAKS, "effort = 'huge'", "odoo_id = 5"),
            "assessment_known": _set(_BREAKS, "assessment = 'harmless'", "odoo_id = 6"),
            "impact_has_findings": _set(_BREAKS, "assessment = 'not assessed'", "odoo_id = 5"),
            "no_impact_was_assessed": _set(_BREAKS, "not_assessed_count = 1", "odoo_id = 6"),
            "item_is_custom": _set(_BREAKS, "odoo_id = 7", "odoo_id = 6"),
            "target_is_later": _set(_BREAKS, "target_major = 17"),
        },
        _STAGED: {
            "client_coverage": Defect(
                "".join(f"delete from {table} where client_id = %(client)s;" for table in (_RAW_TICKETS, _TICKETS))
            ),
            "all_rows_staged": Defect(_DOUBLED.format(table=_TICKETS)),
            "tombstones_kept": _set(_TICKETS, "is_deleted = false", "is_deleted"),
            "reading_kept": _set(_TICKETS, "read_at = read_at - interval '1 day'"),
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
            "trend_known": _trend("trend = 'sinking'"),
            "reason_given": _trend("reason = ''"),
            "claim_has_two_years": _trend("week_count = 103", also=()),
            "short_claim_is_allowed": _trend("test = 'short series', week_count = 80", also=()),
            "no_claim_while_stabilising": Defect(
                "update ops.client set stabilisation_until = '2026-11-21' where client_id = %(client)s"
            ),
            "flat_is_an_interval": _trend("change_low_pct = -21", "category = 'Fault'", also=()),
            "p_values": _trend("adjusted_p_value = 0.01", also=()),
            "claim_agrees_with_change": _trend("trend = 'growing'"),
            "interval_holds_change": _trend("change_low_pct = -5", also=()),
            "category_within_all": _trend("ticket_count = 151", "category = 'Fault'", also=()),
        },
        _CLAIM: {
            **_common(_CLAIM),
            "one_build": _set(_CLAIM, "build_id = 'build-0'", rows=1),
            "client_coverage": Defect(f"delete from {_CLAIM} where client_id = %(client)s and category = ''"),
            "is_the_marts": _set(_CLAIM, "trend = 'declining'", "category = 'Fault'"),
            "agrees_with_scorecard": Defect(
                f"update {_SCORECARD} set value = -12 where client_id = %(client)s and kpi = 'ticket_trend'"
            ),
        },
        _SERVICE: {
            **_common(_SERVICE),
            "one_build": _set(_SERVICE, "build_id = 'build-0'", rows=1),
            "client_coverage": Defect(_LOST.format(table=_SERVICE)),
            "agrees_with_flow": _set(
                _SERVICE, "opened_count = opened_count + 1, net_count = net_count + 1", "period = '2026Q3'"
            ),
            "ages_add_up": _set(_SERVICE, "backlog_over_90_days_count = 1", "period = '2026Q4'"),
            "net_adds_up": _set(_SERVICE, "net_count = net_count + 1", "period = '2026Q4'"),
            "hours_in_order": _set(_SERVICE, "resolution_p90_business_hours = 8.9", "period = '2026Q4'"),
            "shares_follow_counts": _set(_SERVICE, "resolution_met_pct = 67", "period = '2026Q4'"),
            "reason_given": _set(_SERVICE, "target_reason = ''", "period = '2026Q3'"),
            "targets_counted": _set(_SERVICE, "resolution_at_risk_count = 2", "period = '2026Q4'"),
            "agrees_with_events": Defect(
                "delete from tickets.sla_event where client_id = %(client)s and state = 'missed'"
            ),
            "agrees_with_source": _set(_SERVICE, "source_difference_count = -3", "period = '2026Q4'"),
        },
        _DRIVER: {
            **_common(_DRIVER),
            "one_build": _set(_DRIVER, "build_id = 'build-0'", rows=1),
            "client_coverage": Defect(_LOST.format(table=_DRIVER)),
            "shares_add_up": _set(_DRIVER, "share_pct = 24", "category = 'Wish'"),
            "most_first": _set(_DRIVER, "rank = 3", "category = 'Fault'"),
            "repeats_within": _set(_DRIVER, "repeat_count = 13", "category = 'Fault'"),
            "hours_or_reason": _set(_DRIVER, "hours = null", "category = 'Fault'"),
            "agrees_with_trend": _set(_DRIVER, "trend = 'declining'", "category = 'Fault'"),
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
            " select %(client)s, n, 99, 3, '2026-11-21 02:00+00', 'night-1' from generate_series(11, 16) n;"
            f" insert into {_TICKETS} select %(client)s, n, false, '2026-11-21 02:00+00' from generate_series(11, 16) n"
        ),
        "volume_as_usual": Defect(_EARLIER.format(nights="1, 7", model="helpdesk.ticket", count=1000)),
    }.items()
}

_PER_CLIENT = (
    _SCORECARD,
    _FLOW,
    _ACCESS,
    _PUBLISHED_CURRENCY,
    _PUBLISHED_SIGNAL,
    _CURRENCY,
    _SIGNAL,
    _WEEKS,
    _QUARTERS,
    _TREND,
    _CLAIM,
    _SERVICE,
    _DRIVER,
    _USERS,
)

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
    (_STAGED, "row_count"): Defect(
        f"delete from {_RAW_TICKETS}; delete from {_TICKETS}", also=((_STAGED, "client_coverage"),)
    ),
    (_RATE, "row_count"): Defect(
        f"delete from {_RATE}; delete from {_WRONG}",
        also=(
            (_RATE, "client_coverage"),
            (_WRONG, "client_coverage"),
            (_PUBLISHED_RATE, _MARTS),
            (_PUBLISHED_WRONG, _MARTS),
        ),
    ),
    (_PUBLISHED_RATE, "row_count"): Defect(
        f"delete from {_PUBLISHED_RATE}; delete from {_PUBLISHED_WRONG}",
        also=(
            (_PUBLISHED_RATE, "client_coverage"),
            (_PUBLISHED_WRONG, "client_coverage"),
            (_PUBLISHED_RATE, _MARTS),
            (_PUBLISHED_WRONG, _MARTS),
        ),
    ),
    (_RULE, "row_count"): Defect(
        f"delete from {_RULE}; delete from {_EXCEPTION}",
        also=((_RULE, "client_coverage"), (_EXCEPTION, "client_coverage")),
    ),
    **{
        (table, "columns"): Defect(f"alter table {table} add column mood text")
        for table in (
            _SCORECARD,
            _FLOW,
            _CLAIM,
            _SERVICE,
            _DRIVER,
            _ACCESS,
            _CHANGE,
            _PUBLISHED_CURRENCY,
            _PUBLISHED_SIGNAL,
            _PUBLISHED_NET,
            _IMPACT,
            _RULE,
            _EXCEPTION,
            _PUBLISHED_RATE,
            _PUBLISHED_WRONG,
        )
    },
}
