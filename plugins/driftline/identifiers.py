"""Verdicts on VAT numbers and IBANs by their check digits, kept in `ops.identifier_verdict` for set-based SQL to join.

Each different number of a client is looked at once, and again when the library changes: a build costs what was read
since the last one. Numbers are streamed and never kept: a verdict is found by the number's digest. Which number is an
exception is the dbt project's question.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import stdnum
from psycopg2.extras import execute_values
from stdnum import iban
from stdnum.eu.vat import MEMBER_STATES
from stdnum.exceptions import InvalidComponent, ValidationError
from stdnum.util import get_cc_module

from driftline.warehouse import Role, connect

if TYPE_CHECKING:
    from psycopg2.extensions import connection as Connection

    from driftline.settings import Settings

LIBRARY = f"python-stdnum {stdnum.__version__}"
VALID, INVALID, NO_RULE = "valid", "invalid", "no rule"

# Countries whose letters stand before a number in trade with others; and letters that are not the country's.
_PREFIXES = {state.upper(): state for state in MEMBER_STATES} | {"EL": "gr", "XI": "gb", "GB": "gb", "CH": "ch"}
_BATCH = 5000


@dataclass(frozen=True)
class IdentifierReport:
    """How many numbers were looked at, by kind and verdict."""

    counts: Mapping[tuple[str, str], int]

    @property
    def checked_count(self) -> int:
        return sum(self.counts.values())


def vat_verdict(country: str, number: str) -> str:
    """Judge a VAT number of a partner in this country (ISO 3166 code, or empty where none is known).

    A partner may be registered elsewhere than where it has its address, with that country's letters in front: one
    country that knows the number is enough. Without a rule for any of them there is no verdict.
    """
    countries = (country.lower(), _PREFIXES.get(number[:2], ""))
    rules = [rule for rule in map(_vat_rule, countries) if rule is not None]
    if not rules:
        return NO_RULE
    return VALID if any(rule.is_valid(number) for rule in rules) else INVALID


def iban_verdict(_country: str, number: str) -> str:
    """Judge an account number that has the form of an IBAN: length, check digits, and the country's own where known."""
    try:
        iban.validate(number)
    except InvalidComponent:
        # A bank that the library's list does not know yet is no wrong digit.
        return VALID if iban.is_valid(number, check_country=False) else INVALID
    except ValidationError:
        return INVALID
    return VALID


@lru_cache(maxsize=1024)
def _vat_rule(country: str) -> Any:
    return get_cc_module(country, "vat") if country.isalpha() and country.isascii() else None


def check_identifiers(settings: Settings, *, now: datetime) -> IdentifierReport:
    """Judge every number that was read since the last time; the caller holds the build lock."""
    counts: Counter[tuple[str, str]] = Counter()
    with connect(settings, role=Role.LOADER, application="driftline identifiers") as connection:
        for name, kind in _KINDS.items():
            counts.update(_check(connection, name, kind, now))
    return IdentifierReport(counts=dict(counts))


# What was read since the last time, with the country a number is judged by. Nothing dear is asked of rows read before.
_VAT = """
select row.client_id, coalesce(country.code, '') as country, row.vat as number
from raw.res_partner row
left join ops.identifier_reading reading
  on reading.client_id = row.client_id and reading.kind = %(kind)s and reading.library = %(library)s
left join raw.res_country country on country.client_id = row.client_id and country.id = row.country_id
where row._deleted_at is null and row.vat is not null and row._read_at > coalesce(reading.read_at, '-infinity')
offset 0
"""
_IBAN = """
select row.client_id, '' as country, row.sanitized_acc_number as number
from raw.res_partner_bank row
left join ops.identifier_reading reading
  on reading.client_id = row.client_id and reading.kind = %(kind)s and reading.library = %(library)s
where row._deleted_at is null and row.sanitized_acc_number is not null
  and row._read_at > coalesce(reading.read_at, '-infinity')
offset 0
"""
_NEW = """
select distinct said.client_id, said.country, ops.compact_identifier(said.number)
from ({source}) as said
where ops.compact_identifier(said.number) ~ %(form)s
  and not exists (
    select from ops.identifier_verdict verdict
    where verdict.client_id = said.client_id and verdict.kind = %(kind)s and verdict.library = %(library)s
      and verdict.digest = ops.identifier_digest(said.country, said.number))
"""
_KEEP = """
insert into ops.identifier_verdict (client_id, kind, digest, verdict, library, checked_at) values %s
on conflict (client_id, kind, digest)
do update set verdict = excluded.verdict, library = excluded.library, checked_at = excluded.checked_at
"""
_READ = """
insert into ops.identifier_reading (client_id, kind, library, read_at)
select client_id, %(kind)s, %(library)s, max(_read_at) from raw.{table} group by client_id
on conflict (client_id, kind) do update set library = excluded.library, read_at = excluded.read_at
"""


@dataclass(frozen=True)
class _Kind:
    """Where numbers of a kind lie, which form they have, and who judges them."""

    table: str
    source: str
    form: str
    judge: Callable[[str, str], str]


_KINDS = {
    "vat": _Kind("res_partner", _VAT, "[0-9]", vat_verdict),
    "iban": _Kind("res_partner_bank", _IBAN, "^[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}$", iban_verdict),
}


def _check(connection: Connection, name: str, kind: _Kind, now: datetime) -> Iterator[tuple[str, str]]:
    parameters = {"kind": name, "library": LIBRARY, "form": kind.form}
    with connection.cursor("numbers") as numbers, connection.cursor() as cursor:
        numbers.itersize = _BATCH
        numbers.execute(_NEW.format(source=kind.source), parameters)
        while batch := numbers.fetchmany(_BATCH):
            judged = [
                (client_id, name, country, number, kind.judge(country, number), LIBRARY, now)
                for client_id, country, number in batch
            ]
            execute_values(
                cursor, _KEEP, judged, page_size=_BATCH,
                template="(%s, %s, ops.identifier_digest(%s, %s), %s, %s, %s)",
            )  # fmt: skip
            yield from ((name, verdict) for *_, verdict, _, _ in judged)
        cursor.execute(_READ.format(table=kind.table), parameters)
