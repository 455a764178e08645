"""The policies of the demo: the project's own, and `demo/policies/` in place of what stands there."""

from __future__ import annotations

import shutil
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[1]


def lay_out(folder: Path) -> Path:
    """Write the demo's policies into a folder of their own and return it."""
    shutil.copytree(REPOSITORY / "config" / "policies", folder, dirs_exist_ok=True)
    shutil.copytree(REPOSITORY / "demo" / "policies", folder, dirs_exist_ok=True)
    return folder
