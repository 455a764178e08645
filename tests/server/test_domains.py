"""The SQL of a domain finds exactly the rows that a plain evaluation of the domain finds."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

import psycopg2
import pytest
from conftest import run_sql
from hypothesis import given, settings
from hypothesis import strategies as st

from demo.server.domains import parse
from demo.server.environment import Environment
from demo.server.errors import OdooError
from demo.server.registry import build_registry
from demo.server.searching import search
from demo.server.versions import dialect
from server.evaluation import World

TEXTS = ["", "Azure", "azure", "Az_re", "100%", "a\\b", "O'Hara", 'say "hi"', "Ωmega", "{x}", "%s"]
MOMENTS = [datetime.fromisoformat("2026-03-29 01:59:59.999999") + timedelta(seconds=n / 2) for n in range(6)]
DAYS = [date(2026, 3, 28) + timedelta(days=n) for n in range(4)]
TYPES = {
    "res.partner": {
        "id": "integer", "name": "char", "email": "char", "color": "integer", "partner_latitude": "float",
        "is_company": "boolean", "active": "boolean", "parent_id": "many2one", "country_id": "many2one",
        "x_on": "date", "write_date": "datetime", "category_id": "many2many",
    },
    "res.country": {"id": "integer", "name": "char", "code": "char"},
    "res.partner.category": {"id": "integer", "name": "char", "color": "integer"},
}  # fmt: skip
TARGETS = {"parent_id": "res.partner", "country_id": "res.country", "category_id": "res.partner.category"}
_TABLES = """
create table res_country (id int primary key, name varchar, code varchar);
create table res_partner_category (id int primary key, name varchar, color int, active bool);
create table res_partner (id int primary key, name varchar, complete_name varchar, display_name varchar,
  email varchar, color int, partner_latitude numeric, is_company bool, active bool, parent_id int, country_id int,
  x_on date, write_date timestamp);
create table res_partner_res_partner_category_rel (partner_id int, category_id int);
create table res_users (id int primary key, login varchar, active bool, partner_id int, company_id int);
"""


def _maybe(chance: random.Random, values: list[Any]) -> Any:
    return None if chance.random() < 0.25 else chance.choice(values)


def make_rows(seed: int) -> tuple[dict[str, dict[int, dict[str, Any]]], dict[int, set[int]]]:
    """Rows full of edges: NULL beside '' and 0, wildcards in texts, fractions of seconds, trees."""
    chance = random.Random(seed)
    countries = {n: {"id": n, "name": TEXTS[n], "code": _maybe(chance, ["AA", "BB"])} for n in range(1, 5)}
    tags = {n: {"id": n, "name": TEXTS[n + 1], "color": _maybe(chance, [0, 1]), "active": True} for n in range(1, 5)}
    partners = {}
    for n in range(1, 41):
        name = TEXTS[n - 1] if n <= len(TEXTS) else _maybe(chance, TEXTS)
        partners[n] = {
            "id": n, "name": name, "complete_name": name, "display_name": name, "email": _maybe(chance, TEXTS),
            "color": _maybe(chance, [0, 1, 2]), "partner_latitude": _maybe(chance, [0.0, 0.5, -1.25]),
            "is_company": _maybe(chance, [True, False]), "active": _maybe(chance, [True, True, False]),
            "parent_id": _maybe(chance, list(range(1, n))) if n > 1 else None,
            "country_id": _maybe(chance, list(countries)), "x_on": _maybe(chance, DAYS),
            "write_date": _maybe(chance, MOMENTS),
        }  # fmt: skip
    links = {n: set(chance.sample(list(tags), chance.randint(0, 2))) for n in partners}
    return {"res.partner": partners, "res.country": countries, "res.partner.category": tags}, links


@pytest.fixture(scope="module")
def rows() -> tuple[dict[str, dict[int, dict[str, Any]]], dict[int, set[int]]]:
    return make_rows(20)


@pytest.fixture(scope="module")
def database(pg_server, rows) -> Iterator[str]:
    from conftest import run_autocommit

    run_autocommit(pg_server.url(), "create database domains")
    url = pg_server.url("domains")
    run_sql(url, _TABLES)
    tables, links = rows
    for model, records in tables.items():
        for row in records.values():
            names = ", ".join(row)
            marks = ", ".join(["%s"] * len(row))
            run_sql(url, f"insert into {model.replace('.', '_')} ({names}) values ({marks})", *row.values())
    for partner, tags in links.items():
        for tag in tags:
            run_sql(url, "insert into res_partner_res_partner_category_rel values (%s, %s)", partner, tag)
    yield url
    run_autocommit(pg_server.url(), "drop database domains with (force)")


class Sides:
    """What is compared; without the dataclasses' long texts, which a failing example would repeat."""

    def __init__(self, environment: Environment, world: World) -> None:
        self.environment = environment
        self.world = world


@pytest.fixture(scope="module", params=[16, 17, 18, 19, 20])
def both(request, database, rows) -> Iterator[Sides]:
    """The database and its rows in memory, as one version."""
    tables, links = rows
    connection = psycopg2.connect(database)
    cursor = connection.cursor()
    registry = build_registry(cursor, dialect(f"{request.param}.0"))
    environment = Environment(registry, cursor, 1, {"active_test": False}, is_superuser=True)
    yield Sides(environment, World(request.param, tables, TYPES, TARGETS, links))
    connection.close()


_VALUES: dict[str, list[Any]] = {
    "char": TEXTS,
    "integer": [0, 1, 2, 7],
    "float": [0.0, 0.5, 3.0],
    "many2one": [1, 2, 3, 4],
    "date": [str(day) for day in DAYS],
    "datetime": [str(MOMENTS[0]), str(MOMENTS[1])[:19], str(MOMENTS[3])[:19], "2026-03-29", "2026-03-30"],
    "boolean": [True, False],
}
_PATTERNS = [*TEXTS, "a", "A%e", "_z", "%"]


def _operators(kind: str) -> dict[str, list[Any]]:
    """The operators that suit a type, each with the values to try it with."""
    values = _VALUES[kind]
    found = {"=": [*values, False], "!=": [*values, False]}
    found |= {operator: [[], [False], values[:2], [*values[:1], False]] for operator in ("in", "not in")}
    if kind not in ("boolean", "many2one"):
        found |= dict.fromkeys(("<", ">", "<=", ">="), values)
        found["=?"] = [*values, False]
    if kind == "char":
        found |= dict.fromkeys(("like", "ilike", "not like", "not ilike", "=like", "=ilike"), _PATTERNS)
    return found


def _scalars(kind: str) -> st.SearchStrategy[tuple[str, Any]]:
    return st.one_of(
        st.tuples(st.just(operator), st.sampled_from(values)) for operator, values in _operators(kind).items()
    )


def _leaves(model: str, fields: list[str]) -> st.SearchStrategy[list[Any]]:
    return st.sampled_from(fields).flatmap(
        lambda name: _scalars(TYPES[model][name]).map(lambda pair: [name, pair[0], pair[1]])
    )


def _prefixed(prefix: str, leaves: st.SearchStrategy[list[Any]]) -> st.SearchStrategy[list[Any]]:
    return leaves.map(lambda leaf: [f"{prefix}.{leaf[0]}", leaf[1], leaf[2]])


def _triples(*parts: list[Any] | st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.tuples(*(st.sampled_from(part) if isinstance(part, list) else part for part in parts)).map(list)


OWN = [
    "id", "name", "email", "color", "partner_latitude", "is_company", "parent_id", "country_id", "x_on", "write_date",
]  # fmt: skip
LEAF = st.one_of(
    _leaves("res.partner", OWN),
    _prefixed("parent_id", _leaves("res.partner", ["name", "color", "is_company", "write_date", "country_id"])),
    _prefixed("parent_id.country_id", _leaves("res.country", ["name", "code"])),
    _prefixed("country_id", _leaves("res.country", ["name", "code"])),
    _prefixed("category_id", _leaves("res.partner.category", ["name", "color"])),
    _triples(["country_id"], ["=", "!=", "like", "ilike", "not ilike", "=ilike"], ["Azure", "azure", "zu"]),
    _triples(["country_id"], ["like", "ilike", "not ilike"], [""]),
    _triples(["category_id"], ["in", "not in"], st.lists(st.integers(1, 5), max_size=3)),
    _triples(["category_id"], ["=", "!="], [False, 1, 2]),
    _triples(["id", "parent_id"], ["child_of", "parent_of"], st.integers(1, 40)),
)


def _domains() -> st.SearchStrategy[list[Any]]:
    single = LEAF.map(lambda leaf: [leaf])
    nested = st.recursive(
        single,
        lambda inner: st.one_of(
            st.tuples(st.sampled_from(["&", "|"]), inner, inner).map(lambda t: [t[0], *t[1], *t[2]]),
            inner.map(lambda part: ["!", *part]),
        ),
        max_leaves=4,
    )
    return st.lists(nested, max_size=2).map(lambda parts: [item for part in parts for item in part])


def test_every_operator_with_every_edge_value_finds_the_same_rows(both):
    model = both.environment.model("res.partner")
    tried = 0
    for name in OWN:
        for operator, values in _operators(TYPES["res.partner"][name]).items():
            for value in values:
                for domain in ([[name, operator, value]], ["!", [name, operator, value]]):
                    found = search(both.environment, model, domain, order="id")
                    assert (domain, found) == (domain, sorted(both.world.matching("res.partner", domain)))
                    tried += 1
    assert tried > 500


# Sixty in every run, a thousand in the heavy profile.
@settings(max_examples=10 * settings.default.max_examples)
@given(domain=_domains())
def test_sql_and_python_find_the_same_rows(both, domain):
    found = search(both.environment, both.environment.model("res.partner"), domain, order="id")
    assert found == sorted(both.world.matching("res.partner", domain))


def test_the_rows_of_this_test_hold_every_edge(rows):
    tables, links = rows
    partners = tables["res.partner"].values()
    assert {None, "", "100%"} <= {row["name"] for row in partners}
    assert {None, 0} <= {row["color"] for row in partners}
    assert {None, True, False} <= {row["is_company"] for row in partners}
    assert any(row["write_date"] and row["write_date"].microsecond for row in partners)
    assert {0, 2} <= {len(tags) for tags in links.values()}


@pytest.mark.parametrize("major", [17, 19])
@pytest.mark.parametrize("domain", [["&", ["a", "=", 1]], ["|"], ["!"], [["a", "="]], "name", [["a", "~", 1]]])
def test_a_malformed_domain_is_refused(major, domain):
    with pytest.raises(OdooError):
        parse(domain, dialect(f"{major}.0"))


def test_hostile_names_and_values_stay_values(both):
    environment = both.environment
    model = environment.model("res.partner")
    for hostile in ('name" = 1) --', "name; drop table res_partner", "name') or ('1'='1", "%s", "%(x)s"):
        with pytest.raises(OdooError):
            search(environment, model, [[hostile, "=", 1]])
        with pytest.raises(OdooError):
            search(environment, model, [], order=hostile)
        assert search(environment, model, [["name", "=", hostile], ["id", "<", 0]]) == []
    assert len(search(environment, model, [])) == 40
