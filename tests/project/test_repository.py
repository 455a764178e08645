"""Promises about the tracked files as a whole."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
# In parts, so that this file does not hold what it looks for.
REGISTRY_HOSTS = [
    "py" + "pi.org",
    "python" + "hosted.org",
    "npm" + "js.org",
    "hub.docker" + ".com",
    "get" + "dbt.com/packages",
]


@pytest.fixture(scope="module")
def tracked() -> list[Path]:
    result = subprocess.run(["git", "ls-files", "-z"], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    return [path for name in result.stdout.split("\0") if name and (path := REPOSITORY / name).is_file()]


@pytest.mark.parametrize("host", REGISTRY_HOSTS)
def test_no_file_names_a_package_registry(tracked: list[Path], host: str) -> None:
    # Where packages come from is the machine's own configuration; a host written down would override a mirror.
    assert len(tracked) > 50
    assert [path for path in tracked if host.encode() in path.read_bytes()] == []


def test_no_secret_file_and_nothing_generated_is_tracked(tracked: list[Path]) -> None:
    names = {str(path.relative_to(REPOSITORY)) for path in tracked}
    assert "requirements.txt" in names
    assert ".env.example" in names
    assert not {
        name for name in names if name == ".env" or name.startswith(("build/", ".venv/", "dbt_project/target/"))
    }
