"""Exceptions of master data against what was planted, night after night, and their rate against counts by hand."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
import yaml
from driftline import transform, transform_register
from driftline.identifiers import check_identifiers

from tests.conftest import REPOSITORY
from tests.transform import masterdata_lives as lives
from tests.transform.masterdata_lives import EXPECTED, FIRST, PLANTED, SECOND, SOUND, THIRD
from tests.transform.world import World, at

WAIVER = {"client": PLANTED, "rule": "partner_same_email", "records": [23, 22], "owner": "K. Ioannou",
          "reason": "A couple with one mail address.", "until": "2026-10-07"}  # fmt: skip

Rows = list[dict[str, Any]]


@dataclass
class Night:
    exceptions: Rows
    rates: dict[tuple[str, str, str], dict[str, Any]]
    verdicts: dict[str, dict[str, Any]]
    different: Rows
    touched: dict[str, int]


def look(world: World) -> Night:
    def rows(table: str) -> Rows:
        return [row for (row,) in world.rows(f"select to_jsonb(t) from {table} t")]

    return Night(
        exceptions=rows("masterdata.exception"),
        rates={(row["client_id"], row["model"], row["rule"]): row for row in rows("masterdata.rate")},
        verdicts={row["client_id"]: row for row in rows("staging.int_review__master_data")},
        different=rows("masterdata.different"),
        touched=dict(world.rows("select model, count(*) from staging.int_masterdata__touched group by 1")),
    )


def build(world: World, number: int, moment: object, **changes: object) -> Night:
    """Build what the rate rests on, as a whole build would: check digits, history and tests with it."""
    arguments = {"night_id": f"night {number}", "as_of_at": None, "quarter": None, "now": moment, **changes}
    registered = transform_register.register(world.settings, **arguments)
    excluded = ["--exclude-resource-type", "unit_test"]
    if registered.is_recomputation:
        excluded += ["--exclude-resource-type", "snapshot"]
    else:
        check_identifiers(world.settings, now=moment)
    command = ["build", "--select", "+int_review__master_data", "--indirect-selection", "cautious", *excluded]
    result = transform.run_dbt(world.settings, command, variables=registered.variables)
    failed = [(item.node.name, item.message) for item in result.result.results if item.status in ("error", "fail")]
    assert failed == []
    transform_register.finish(world.settings, registered.build_id, error_message=None)
    return look(world)


@pytest.fixture(scope="module")
def policies(tmp_path_factory):
    folder = tmp_path_factory.mktemp("policies") / "policies"
    shutil.copytree(REPOSITORY / "config" / "policies", folder)
    content = yaml.safe_load((folder / "masterdata.yml").read_text())
    content["different"] = [WAIVER, {**WAIVER, "rule": "partner_same_vat", "records": [1, 2], "until": "2027-01-31"}]
    (folder / "masterdata.yml").write_text(yaml.safe_dump(content, allow_unicode=True))
    return folder


@pytest.fixture(scope="module")
def nights(new_world, policies):
    """Three nights: what was planted; some of it corrected, some new; a past moment computed again."""
    world = new_world()
    world.settings = replace(world.settings, policies_from=policies)
    lives.plant(world)
    seen = [build(world, 1, FIRST)]
    later = f"_read_at = '{SECOND}', write_date = '{SECOND - timedelta(hours=3)}'"
    for statement in (
        # Corrected; gone; a third double where the second left the group; a gap that changes; one touched for nothing.
        f"update raw.res_partner set country_id = 1, vat = 'DE129273398', {later} where id = 28",
        f"update raw.res_partner set _deleted_at = '{SECOND}', {later} where id = 1",
        f"update raw.res_partner set email_hash = 'sha256:own', {later} where id = 22",
        f"update raw.res_partner set city = null, {later} where id = 26",
        f"update raw.res_partner set name = 'Supplier Ltd', write_uid = 1, {later} where id = 27",
    ):
        world.rows(statement + f" and client_id = '{PLANTED}'")
    new = {"id": 33, "name": "Third", "email_hash": "sha256:twin", "country_id": 1}
    world.raw(PLANTED, "res_partner", [lives.complete("res_partner", new)], read_at=SECOND)
    lives.a_night(world, 2, SECOND)
    seen.append(build(world, 2, SECOND))
    lives.a_night(world, 3, THIRD)
    seen.append(build(world, 3, THIRD))
    seen.append(build(world, 3, THIRD, night_id=None, as_of_at=FIRST + timedelta(hours=1)))
    return world, seen


def found(night: Night, client_id: str) -> dict[str, dict[int, int | None]]:
    result: dict[str, dict[int, int | None]] = {}
    for row in night.exceptions:
        if row["client_id"] == client_id:
            result.setdefault(row["rule"], {})[row["record_id"]] = row["other_record_id"]
    return result


def one(night: Night, rule: str, record_id: int) -> dict[str, Any]:
    (row,) = [
        row for row in night.exceptions
        if (row["client_id"], row["rule"], row["record_id"]) == (PLANTED, rule, record_id)
    ]  # fmt: skip
    return row


def test_every_rule_has_something_planted():
    assert set(EXPECTED) == {path.stem for path in (REPOSITORY / "config" / "policies" / "masterdata").glob("*.yml")}


def test_all_that_was_planted_is_found_and_nothing_else(nights, capsys):
    _, seen = nights
    given = found(seen[0], PLANTED)
    hits = sum(given.get(rule, {}).items() >= wanted.items() for rule, wanted in EXPECTED.items())
    with capsys.disabled():
        print(f"\nmaster data: {hits} of {len(EXPECTED)} rules found all that was planted,"
              f" {len(found(seen[0], SOUND))} found something in sound data")  # fmt: skip
    assert given == EXPECTED
    assert found(seen[0], SOUND) == {}


def test_details_say_what_and_keep_values_to_themselves(nights):
    _, seen = nights
    details = {(row["rule"], row["record_id"]): row["detail"] for row in seen[0].exceptions}
    assert details["customer_gap", 26] == "no mail address"
    assert details["supplier_gap", 27] == "no country, no VAT number, no mail address"
    assert details["partner_same_vat", 21] == "looks like res.partner,2"
    assert details["partner_archived_in_use", 29] == "open documents: 3"
    assert details["account_wrong_type", 22] == "default of a sale journal, but expense"
    assert not [text for text in details.values() if "136695977" in text or "Twin" in text]


def test_money_at_stake_is_kept_by_kind_and_currency_and_documents_are_of_the_quarter(nights):
    _, seen = nights
    # 120.50 less a refund of 20.50, of the quarter before. Drafts are not owed, orders count in their quarter.
    archived = one(seen[0], "partner_archived_in_use", 29)
    assert (archived["document_count"], archived["amounts"]) == (2, {"receivable": {"EUR": 100.0, "USD": 7}})
    wrong = one(seen[0], "partner_vat_invalid", 28)
    assert (wrong["document_count"], wrong["amounts"]) == (2, {"sold": {"USD": 50}})
    assert one(seen[0], "bank_iban_invalid", 21)["amounts"] == {"payable": {"EUR": 300}}
    assert one(seen[0], "bank_same_number", 22)["document_count"] == 0
    assert one(seen[0], "unit_factor", 22)["document_count"] is None


def test_an_exception_is_as_old_as_it_is_written_or_was_seen(nights):
    _, seen = nights
    first, third = one(seen[0], "supplier_gap", 27), one(seen[2], "supplier_gap", 27)
    assert (first["since_at"], first["since_basis"], first["open_days"]) == (
        "2026-08-01T10:00:00+00:00",
        "last written",
        65,
    )
    assert (first["last_touched_by"], third["last_touched_by"]) == ("admin", None)
    # Touched in between, with the gap still there: no younger for that.
    assert (third["since_at"], third["open_days"]) == ("2026-08-01T10:00:00+00:00", 67)
    assert third["last_touched_at"] == "2026-10-06T23:00:00+00:00"
    new = one(seen[2], "partner_same_email", 33)
    assert (new["other_record_id"], new["since_at"], new["since_basis"], new["open_days"]) == (
        23, "2026-10-07T02:00:00+00:00", "seen", 1,
    )  # fmt: skip
    # Found by a query: nothing tells for how long it was so before.
    assert one(seen[0], "partner_archived_in_use", 29)["since_basis"] == "seen"


def test_the_next_night_follows_what_was_corrected_and_nothing_else(nights):
    _, seen = nights
    # 28 now has the number of 32; 1 is gone, and 24 is the first of its doubles; 22 left its group and 33 joined it.
    after = {rule: dict(records) for rule, records in EXPECTED.items()}
    after["partner_vat_invalid"] = {}
    after["partner_same_vat"] = {21: 2, 32: 28}
    after["partner_same_name"] = {25: 24}
    after["partner_same_email"] = {33: 23}
    given = found(seen[1], PLANTED)
    assert given == {rule: records for rule, records in after.items() if records}
    assert found(seen[2], PLANTED) == given
    assert one(seen[1], "customer_gap", 26)["detail"] == "no city, no mail address"


def test_a_night_looks_at_what_was_read_since_the_last_one_and_at_what_is_few_everywhere(nights):
    _, seen = nights
    few = {"uom.uom": 9, "account.account": 9, "account.tax": 6, "hr.employee": 6}
    every = {"res.partner": 28, "res.partner.bank": 6, "product.template": 6, "product.product": 6}
    assert seen[0].touched == {**few, **every}
    # Five were changed and one is new.
    assert seen[1].touched == {**few, "res.partner": 6}
    assert seen[2].touched == few


def test_a_rule_counts_what_it_looks_at_and_records_in_use_are_those_of_the_source(nights):
    world, seen = nights
    rate = seen[0].rates[PLANTED, "res.partner", ""]
    # Counted by hand: partners there and active, and the archived one that is found.
    ((active,),) = world.rows(
        "select count(*) from raw.res_partner where client_id = %s and active and id < 33", PLANTED
    )
    assert (active, rate["looked_at_count"]) == (18, 19)
    wrong = {
        id
        for rule, records in EXPECTED.items()
        if rule.split("_")[0] in ("partner", "customer", "supplier", "company")
        for id in records
    }
    assert wrong - {23} == {21, 24, 25, 26, 27, 28, 29, 30, 31, 32}
    assert (rate["found_count"], rate["waived_count"]) == (10, 1)
    assert rate["rate_pct"] == pytest.approx(100 * 10 / 19)
    total = seen[0].rates[PLANTED, "", ""]
    models = [
        row for (client_id, model, rule), row in seen[0].rates.items() if client_id == PLANTED and model and not rule
    ]
    assert len(models) == 8
    assert total["looked_at_count"] == sum(row["looked_at_count"] for row in models)
    assert total["found_count"] == sum(row["found_count"] for row in models)
    vat = seen[0].rates[PLANTED, "res.partner", "partner_vat_invalid"]
    # With a number and a rule for it: 1, 2, 4, 21, 28, 32. No rule: 3; its company's number: 6; archived: 5.
    assert (vat["looked_at_count"], vat["found_count"]) == (6, 1)
    loops = seen[0].rates[SOUND, "account.account", "account_archived_in_use"]
    assert (loops["is_judged"], loops["rate_pct"], loops["reason"]) == (
        False,
        None,
        "there is no record that it speaks of",
    )


def test_the_verdict_says_how_many_of_how_many(nights):
    _, seen = nights
    planted, sound = seen[0].verdicts[PLANTED], seen[0].verdicts[SOUND]
    total = seen[0].rates[PLANTED, "", ""]
    assert (planted["verdict"], planted["value"]) == ("act", pytest.approx(total["rate_pct"]))
    assert planted["reason"].startswith(f"{total['found_count']} of {total['looked_at_count']} records in use; most by")
    assert planted["reason"].endswith("; known to be different: 1")
    assert (sound["verdict"], sound["value"], sound["reason"]) == ("good", 0, "0 of 23 records in use")


def test_a_pair_known_to_be_different_stays_waived_until_its_day_and_then_counts_again(nights):
    _, seen = nights
    row = one(seen[0], "partner_same_email", 23)
    assert (row["is_waived"], row["waived_owner"], row["waived_reason"], row["waived_until_on"]) == (
        True, "K. Ioannou", "A couple with one mail address.", "2026-10-07",
    )  # fmt: skip
    states = [{row["rule"]: row["state"] for row in night.different} for night in seen[:3]]
    assert states[0] == {"partner_same_email": "holds", "partner_same_vat": "not needed"}
    assert states[2] == {"partner_same_email": "expired", "partner_same_vat": "not needed"}
    assert seen[2].verdicts[PLANTED]["reason"].endswith("decisions that ended and count no more: 1")


def test_a_past_moment_is_computed_from_history(nights):
    _, seen = nights
    assert found(seen[3], PLANTED) == found(seen[0], PLANTED)
    assert seen[3].rates[PLANTED, "", ""]["rate_pct"] == seen[0].rates[PLANTED, "", ""]["rate_pct"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"same": "vat_kee"}, 'partner_same_vat.yml: same: column "vat_kee" does not exist'),
        ({"looks_at": "is_in_use and"}, "partner_same_vat.yml: looks_at: syntax error"),
        ({"same": None, "kind": "gap", "query": "select record_id, 'x' as detail from {partner}"},
         'partner_same_vat.yml: query: column "client_id" does not exist'),
        ({"same": None, "kind": "gap", "finds": "no_such_function(vat_key)"},
         "partner_same_vat.yml: finds: function no_such_function(text) does not exist"),
    ],
)  # fmt: skip
def test_a_rule_that_postgresql_dislikes_is_named_with_its_file(nights, policies, tmp_path, change, message):
    world, _ = nights
    folder = tmp_path / "policies"
    shutil.copytree(policies, folder)
    file = folder / "masterdata" / "partner_same_vat.yml"
    rule = {**yaml.safe_load(file.read_text()), **change}
    file.write_text(yaml.safe_dump({key: value for key, value in rule.items() if value is not None}))
    settings = replace(world.settings, policies_from=folder)
    variables = {"build_id": "none", "as_of_at": at("2026-10-08 02:00").isoformat(), "quarter": ""}
    result = transform.run_dbt(settings, ["run", "--select", "int_masterdata__touched"], variables=variables)
    assert not result.success
    assert message in str(result.result.results[0].message)
