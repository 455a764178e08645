"""Random lives of partners, night after night: what is kept and renewed is what a look at everything would find."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random
from typing import Any

from driftline import transform

from tests.transform.world import World, at

BEGIN = at("2026-10-01 02:00")
CLIENTS = ("acme", "beta")
NIGHTS, PARTNERS = 5, 40
STEPS = [
    f"int_masterdata__{name}" for name in ("touched", "record", "fault", "key", "stirred_key", "duplicate", "taken")
]

Partner = dict[str, Any]


def a_partner(random: Random, number: int) -> Partner:
    return {
        "id": number, "name": f"P {number}", "active": random.random() < 0.85, "is_company": random.random() < 0.7,
        "type": random.choice(["contact", "contact", "invoice"]), "parent_id": random.choice([None, None, None, 1]),
        "email_hash": random.choice([None, "a", "b", "c"]), "company_id": random.choice([None, 1, 2]),
        "country_id": random.choice([None, 1]),
    }  # fmt: skip


def doubles(partners: list[Partner]) -> set[tuple[int, int]]:
    """Compare every partner with every earlier one: the first that is the same, of the same company."""
    found = set()
    alive = sorted((it for it in partners if not it["gone"] and it["active"]), key=lambda it: it["id"])
    looked_at = [it for it in alive if it["email_hash"] and it["type"] == "contact"]
    for later in looked_at:
        for earlier in looked_at:
            same = (earlier["email_hash"], earlier["parent_id"]) == (later["email_hash"], later["parent_id"])
            companies = {earlier["company_id"], later["company_id"]}
            if earlier["id"] < later["id"] and same and (None in companies or len(companies) == 1):
                found.add((later["id"], earlier["id"]))
                break
    return found


def run(world: World, moment: datetime, *select: str) -> None:
    variables = {"build_id": "none", "as_of_at": moment.isoformat(), "quarter": ""}
    result = transform.run_dbt(world.settings, ["run", "--select", *select], variables=variables)
    assert result.success, [item.message for item in result.result.results]


def compare(world: World, client_id: str, partners: list[Partner]) -> int:
    """Hold what is kept of one client against all of its partners; return how many doubles there are."""

    def kept(query: str) -> list[tuple[Any, ...]]:
        return world.rows(query + " and client_id = %s", client_id)

    found = kept(
        "select record_id, other_record_id from staging.int_masterdata__duplicate where rule = 'partner_same_email'"
    )
    assert set(found) == doubles(partners)
    alive = [it for it in partners if not it["gone"] and it["active"]]
    faults = kept("select record_id from staging.int_masterdata__fault where rule = 'company_without_country'")
    assert {n for (n,) in faults} == {it["id"] for it in alive if it["is_company"] and not it["country_id"]}
    in_use = kept("select record_id from staging.int_masterdata__record where model = 'res.partner' and is_in_use")
    assert {n for (n,) in in_use} == {it["id"] for it in alive}
    return len(found)


def test_what_is_kept_is_what_a_look_at_everything_finds(new_world):
    world, random = new_world(), Random(1)
    states = {client_id: {n: a_partner(random, n) for n in range(1, PARTNERS + 1)} for client_id in CLIENTS}
    touched = {client_id: set(partners) for client_id, partners in states.items()}
    for client_id in CLIENTS:
        world.client(client_id, registered_at=BEGIN)
        world.raw(client_id, "res_country", [{"id": 1, "code": "GR"}], read_at=BEGIN)
    seen = 0
    for night in range(NIGHTS):
        moment = BEGIN + timedelta(days=night)
        for client_id, partners in states.items():
            for number in touched[client_id]:
                partner = partners[number]
                partner.setdefault("gone", False)
                world.rows("delete from raw.res_partner where client_id = %s and id = %s", client_id, number)
                row = {key: value for key, value in partner.items() if key != "gone"}
                deleted_at = moment if partner["gone"] else None
                world.raw(client_id, "res_partner", [row], read_at=moment, deleted_at=deleted_at)
        if night == 2:
            # This build stops before it has written down what it looked at; the next one makes up for it.
            run(world, moment, *STEPS[:-3])
        else:
            run(world, moment, *(["+int_masterdata__taken"] if night == 0 else STEPS))
            for client_id, partners in states.items():
                seen += compare(world, client_id, list(partners.values()))
        touched = {client_id: set(random.sample(sorted(partners), 9)) for client_id, partners in states.items()}
        for client_id, numbers in touched.items():
            for number in numbers:
                states[client_id][number] = {**a_partner(random, number), "gone": random.random() < 0.25}
    assert seen > 20
