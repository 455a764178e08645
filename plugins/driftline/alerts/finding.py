"""What a finding is."""

from __future__ import annotations

from dataclasses import dataclass

EVERYONE = "*"
CRITICAL, WARNING = "critical", "warning"


@dataclass(frozen=True)
class Finding:
    """One matter of one client ('*': of all). `name` identifies it from night to night; `advice` is not compared."""

    client_id: str
    name: str
    severity: str
    summary: str
    advice: str
