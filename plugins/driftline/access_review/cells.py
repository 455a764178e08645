"""The columns of a worksheet, and cells that no spreadsheet takes for a formula."""

from __future__ import annotations

import re

TITLE = "driftline access review"
LOCKED = (
    "line", "roster", "kind", "user", "user id", "subject", "subject key", "reviewer", "suggestion", "reason",
)  # fmt: skip
OPEN = ("decision", "note", "decided by", "decided at", "owner", "until")
COLUMNS = LOCKED + OPEN
DECISIONS = {
    "account": ("keep", "deactivate", "ask"),
    "membership": ("keep", "revoke", "ask"),
    "conflict": ("accept", "resolve", "ask"),
    "population": ("keep", "ask"),
}
# A full-width sign is a formula's beginning, too, once a spreadsheet has normalised it.
_FORMULA = tuple("=+-@＝＋－＠")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def neutral(value: object) -> str:
    """Write a value so that a spreadsheet shows it and computes nothing: an apostrophe before what begins a formula."""
    text = "" if value is None else str(value)
    spaced = _CONTROL.sub(" ", text)
    is_dangerous = spaced.lstrip().startswith(_FORMULA) or bool(_CONTROL.match(text))
    return f"'{spaced}" if is_dangerous else spaced


def original(text: str) -> str:
    """Give back what `neutral` was given, as far as a reviewer's words go: one line, no added apostrophe."""
    spaced = _CONTROL.sub(" ", text)
    return spaced[1:] if spaced.startswith("'") and neutral(spaced[1:]) == spaced else spaced
