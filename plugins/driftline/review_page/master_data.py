"""What the page says of master data: rates by rule, bars by kind of record, what to look at first. No SQL, no HTML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from driftline.review_page import words
from driftline.review_page.rows import MasterDataException, MasterDataRate

_NAMES = {
    "res.partner": "Partners", "res.partner.bank": "Bank accounts", "product.template": "Products",
    "product.product": "Variants", "uom.uom": "Units", "account.account": "Accounts", "account.tax": "Taxes",
    "hr.employee": "Employees",
}  # fmt: skip


@dataclass(frozen=True)
class Records:
    """One kind of record: how many are in use, found and waived."""

    name: str
    in_use: int
    found: int
    waived: int


@dataclass(frozen=True)
class Line:
    """One rule; `value` and `previous` as they are written."""

    title: str
    records: str
    kind: str
    found: str
    looked_at: str
    value: str
    previous: str
    reason: str


@dataclass(frozen=True)
class Item:
    """One record to look at; `stake` lists sums, each in its own currency."""

    title: str
    record: str
    detail: str
    since: str
    touched_by: str
    document_count: int | None
    stake: tuple[str, ...]
    waiver: str


@dataclass(frozen=True)
class MasterData:
    """All that the section needs."""

    records: tuple[Records, ...]
    lines: tuple[Line, ...]
    unjudged: tuple[Line, ...]
    items: tuple[Item, ...]


def compose(rates: Sequence[MasterDataRate], exceptions: Sequence[MasterDataException]) -> MasterData:
    """Put published rows into the section's own terms; rules with most records first."""
    lines = [(rate, _line(rate)) for rate in rates if rate.rule]
    lines.sort(key=lambda pair: (-(pair[0].found_count or 0), pair[0].rule))
    return MasterData(
        records=tuple(
            Records(
                _NAMES.get(rate.model, rate.model), rate.looked_at_count, rate.found_count or 0, rate.waived_count or 0
            )
            for rate in rates
            if rate.model and not rate.rule and rate.looked_at_count
        ),
        lines=tuple(line for rate, line in lines if rate.is_judged),
        unjudged=tuple(line for rate, line in lines if not rate.is_judged),
        items=tuple(map(_item, exceptions)),
    )


def _line(rate: MasterDataRate) -> Line:
    unit = words.unit_of("pct")
    return Line(
        title=rate.title,
        records=_NAMES.get(rate.model, rate.model),
        kind=rate.kind or "",
        found=words.DASH if rate.found_count is None else words.number(rate.found_count),
        looked_at=words.DASH if rate.looked_at_count is None else words.number(rate.looked_at_count),
        value=words.value_text(rate.rate_pct, unit) + (unit.after_value if rate.rate_pct is not None else ""),
        previous=words.change_text(rate.rate_pct, rate.previous_rate_pct, unit) or words.DASH,
        reason=rate.reason,
    )


def _item(row: MasterDataException) -> Item:
    since = f"{row.since_at:%Y-%m-%d}" + (" or before" if row.since_basis == "last written" else "")
    waiver = f"{row.waived_reason} ({row.waived_owner}, until {row.waived_until_on})" if row.is_waived else ""
    return Item(
        title=row.title,
        record=f"{row.model},{row.record_id}",
        detail=row.detail,
        since=f"{since}, {words.count_of(row.open_days, 'day')}",
        touched_by=row.last_touched_by or words.DASH,
        document_count=row.document_count,
        stake=tuple(_stakes(row.amounts)),
        waiver=waiver,
    )


def _stakes(amounts: Mapping[str, Mapping[str, float]]) -> list[str]:
    return [
        f"{kind}: {words.number(amount, decimals=2)} {currency}"
        for kind, sums in sorted(amounts.items())
        for currency, amount in sorted(sums.items())
    ]
