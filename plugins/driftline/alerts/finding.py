"""What a finding is, and which runbook knows what to do about it."""

from __future__ import annotations

from dataclasses import dataclass

EVERYONE = "*"
CRITICAL, WARNING = "critical", "warning"

# By how a finding's name begins; the rest is the quarter or what the matter is about.
_RUNBOOKS = {
    "not read": "client-not-read",
    "run not begun": "night-missing",
    "marts not built": "marts-not-built",
    "not checked": "marts-not-built",
    "not published": "marts-not-built",
    "gate closed": "gate-closed",
    "KPI not shown": "gate-closed",
    "warning ": "gate-closed",
    "waiver ": "gate-closed",
    "deletions held": "deletions-held",
    "models out of sight": "source-refuses-rights",
    "models partly visible": "source-refuses-rights",
    "not proven complete": "comparison-differs",
    "values repaired": "comparison-differs",
}


@dataclass(frozen=True)
class Finding:
    """One matter of one client ('*': of all). `name` identifies it from night to night; `advice` is not compared."""

    client_id: str
    name: str
    severity: str
    summary: str
    advice: str

    @property
    def runbook(self) -> str:
        """The file's name in docs/runbooks, without its ending."""
        return next(runbook for beginning, runbook in _RUNBOOKS.items() if self.name.startswith(beginning))
