"""The review page: one self-contained HTML file per client and quarter, made of what is published in `review`.

The file asks for nothing from outside, runs no script and says so in its content security policy. What a number
means is decided in dbt; whether it may be shown, by the gate; here it is only written down.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from driftline.errors import ConfigError
from driftline.review_page import bars, charts, trend_chart, words
from driftline.review_page.drift import EFFORTS
from driftline.review_page.page import DORMANT_AFTER_DAYS, Page, compose
from driftline.review_page.rows import read_review

if TYPE_CHECKING:
    from driftline.settings import Settings

_QUARTER = re.compile(r"\d{4}Q[1-4]\Z")
_WIDE, _NARROW = 1040, 340


def render(settings: Settings, *, client_id: str, quarter: str, folder: Path) -> Path:
    """Write `<folder>/<client_id>-<quarter>.html` and return its path.

    Raises NotPublishedError when nothing is published for that client and quarter, ConfigError for a quarter that is
    not written like 2026Q3 or a folder that cannot be written.
    """
    if not _QUARTER.match(quarter):
        raise ConfigError(f"'{quarter}' is not a quarter.", client_id=client_id, hint="Write it like 2026Q3.")
    path = folder / f"{client_id}-{quarter}.html"
    if path.parent != folder:
        raise ConfigError("this client id does not make a file name.", client_id=client_id)
    return _write(path, _to_html(compose(read_review(settings, client_id=client_id, quarter=quarter))))


def _to_html(page: Page) -> str:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "instant": words.instant,
        "day": words.day,
        "number": words.number,
        "sentence": words.sentence,
        "share": words.share,
        "visible": words.visible,
    }
    environment.globals["count_of"] = words.count_of
    style = environment.get_template("style.css.j2").render()
    return environment.get_template("template.html.j2").render(
        page=page,
        head=page.head,
        review=page.review,
        style=Markup(style),  # noqa: S704 - the package's own stylesheet
        style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        drawings=_drawings(page),
        drift=page.drift,
        drift_drawings=_drift_drawings(page),
        plan_drawings=_plan_drawings(page),
        master_data=page.master_data,
        record_drawings=_record_drawings(page),
        efforts=EFFORTS,
        comparisons=_comparisons(page),
        dash=words.DASH,
        dormant_after_days=DORMANT_AFTER_DAYS,
    )


def _drawings(page: Page) -> list[Markup]:
    """Draw the ticket chart for wide and for narrow screens: text that shrinks with its drawing cannot be read."""
    if not page.weeks:
        return []
    return [
        charts.ticket_flow(page.weeks, width=_WIDE, name="wide"),
        charts.ticket_flow(page.weeks[-53:], width=_NARROW, name="narrow"),
    ]


def _drift_drawings(page: Page) -> list[list[Markup]]:
    """Draw the differences from each baseline by area."""
    return [
        _both(
            [
                bars.Bar(bar.area, (("unexplained", bar.unexplained), ("explained", bar.explained)))
                for bar in baseline.bars
            ],
            title=f"Differences from the baseline of {baseline.on}, by area",
            key=f"baseline-{place}",
        )
        for place, baseline in enumerate(page.drift.baselines)
    ]


def _plan_drawings(page: Page) -> list[Markup]:
    """Draw the work for each later version by effort."""
    rows = [bars.Bar(f"to {plan.release}", plan.counts) for plan in page.drift.plans]
    return _both(rows, title="Custom items by the effort that each later version costs", key="plan") if rows else []


def _record_drawings(page: Page) -> list[Markup]:
    """Draw the records found by kind, those known to be right apart."""
    rows = [
        bars.Bar(kind.name, (("unexplained", kind.found), ("explained", kind.waived)))
        for kind in page.master_data.records
    ]
    return _both(rows, title="Records found, by kind", key="master-data") if rows else []


def _both(rows: list[bars.Bar], *, title: str, key: str) -> list[Markup]:
    return [
        bars.stacked(rows, title=title, width=width, name=name, key=key)
        for width, name in ((_WIDE, "wide"), (_NARROW, "narrow"))
    ]


def _comparisons(page: Page) -> list[Markup]:
    """Draw the two years compared, for both screens; nothing where nothing was compared."""
    if page.trend is None:
        return []
    sizes = {"wide": _WIDE, "narrow": _NARROW}
    drawn = [
        trend_chart.two_years(page.weeks, page.trend, width=width, name=f"{size}-years")
        for size, width in sizes.items()
    ]
    return [drawing for drawing in drawn if drawing is not None]


def _write(path: Path, text: str) -> Path:
    """Write whole or not at all: a reader never meets half a page."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, unfinished = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                stream.write(text)
            Path(unfinished).chmod(0o644)
            Path(unfinished).replace(path)
        except BaseException:
            Path(unfinished).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written ({error.strerror}).", hint="Choose another folder.") from error
    return path
