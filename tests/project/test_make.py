"""`make` and `.ci/run`: what they promise, tried in a copy with a stand-in for Python, so that nothing is installed."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
PYTHON_NAMES = ("python3", "python3.11", "python3.12", "python3.13", "python")

# Does what the set-up asks of Python, and writes down what it was asked. $FAILS: a text; a call that holds it fails.
_FAKE_PYTHON = """#!/bin/sh
echo "$*" >> "{calls}"
case "$*" in
  *"${{FAILS:-nothing}}"*) exit 1 ;;
  "-m venv "*) mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
  --version) echo "Python {version}" ;;
  "-c import sys"*) exit {is_unfit} ;;
esac
"""


class Copy:
    """The files of the set-up in a folder of their own, whose name holds a blank."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "a clone"
        self.folder.mkdir()
        for name in ("Makefile", "pyproject.toml", "requirements.txt", "requirements-dev.txt"):
            shutil.copy(REPOSITORY / name, self.folder)
        self.programs = folder / "bin"
        self.programs.mkdir()
        self._calls = folder / "calls"
        self.offer_python("3.11.7", is_fit=True)

    def offer_python(self, version: str, *, is_fit: bool) -> None:
        for name in PYTHON_NAMES:
            program = self.programs / name
            text = _FAKE_PYTHON.format(calls=self._calls, version=version, is_unfit=int(not is_fit))
            program.write_text(text)
            program.chmod(0o755)

    def make(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        path = f"{self.programs}:/usr/local/bin:/usr/bin:/bin"
        return subprocess.run(
            ["make", *arguments],
            cwd=self.folder,
            env={"PATH": path, "HOME": str(self.folder)} | environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def calls(self) -> list[str]:
        """What Python was asked since the last time."""
        found = self._calls.read_text().splitlines() if self._calls.exists() else []
        self._calls.unlink(missing_ok=True)
        return found

    def installs(self) -> list[str]:
        return [call for call in self.calls() if "pip install" in call]


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    return Copy(tmp_path)


def targets() -> list[str]:
    lines = (REPOSITORY / "Makefile").read_text().splitlines()
    return next(line for line in lines if line.startswith(".PHONY:")).removeprefix(".PHONY:").split()


def test_make_alone_lists_every_target_with_what_it_does(copy: Copy) -> None:
    result = copy.make()
    listed = dict(re.findall(r"^  make ([a-z-]+) +(\S.*)$", result.stdout, flags=re.MULTILINE))
    assert result.returncode == 0
    assert sorted(listed) == sorted(targets())
    assert {"demo", "up", "down", "test", "bench", "lint", "setup"} <= set(listed)
    rules = re.findall(r"^([a-z-]+):", (REPOSITORY / "Makefile").read_text(), flags=re.MULTILINE)
    assert sorted(rules) == sorted(targets())


def test_a_second_set_up_does_nothing(copy: Copy) -> None:
    assert copy.make("setup").returncode == 0
    assert "-m uv pip install --quiet -r requirements.txt" in copy.installs()
    assert copy.make("setup").returncode == 0
    assert copy.calls() == []


def test_the_larger_set_up_contains_the_smaller_one(copy: Copy) -> None:
    copy.make("setup-dev")
    assert "-m uv pip install --quiet -r requirements-dev.txt" in copy.installs()
    copy.make("setup")
    assert copy.calls() == []


@pytest.mark.parametrize("name", ["requirements.txt", "pyproject.toml"])
def test_a_changed_lock_is_installed(copy: Copy, name: str) -> None:
    copy.make("setup")
    copy.calls()
    with (copy.folder / name).open("a") as file:
        file.write("# changed\n")
    copy.make("setup")
    assert "-m uv pip install --quiet -r requirements.txt" in copy.installs()


def test_an_interrupted_set_up_goes_on_where_it_was(copy: Copy) -> None:
    assert copy.make("setup", FAILS="pip install").returncode != 0
    assert "-m venv .venv" in copy.calls()
    assert copy.make("setup").returncode == 0
    calls = copy.calls()
    assert "-m venv .venv" not in calls
    assert "-m uv pip install --quiet -r requirements.txt" in calls


def test_a_half_made_environment_is_made_again(copy: Copy) -> None:
    (copy.folder / ".venv" / "bin").mkdir(parents=True)
    assert copy.make("setup").returncode == 0
    assert "-m venv .venv" in copy.calls()


def test_an_environment_that_came_from_another_folder_is_made_again(copy: Copy) -> None:
    copy.make("setup")
    copy.calls()
    copy.folder = copy.folder.rename(copy.folder.with_name("moved"))
    assert copy.make("setup").returncode == 0
    assert "-m venv .venv" in copy.calls()


def test_where_uv_finds_no_registry_pip_goes_on(copy: Copy) -> None:
    result = copy.make("setup", FAILS="uv pip")
    assert result.returncode == 0
    installs = copy.installs()
    assert "-m pip install --quiet -r requirements.txt" in installs
    assert "-m pip install --quiet --no-deps --editable ." in installs


def test_an_unfit_python_is_refused_with_what_to_do(copy: Copy) -> None:
    copy.offer_python("3.9.2", is_fit=False)
    result = copy.make("setup")
    assert result.returncode != 0
    assert "Driftline needs Python 3.11, 3.12 or 3.13; found: Python 3.9.2." in result.stderr
    assert "make setup PYTHON=/path/to/python3.12" in result.stderr
    assert not (copy.folder / ".venv").exists()


def test_a_python_that_is_named_is_taken(copy: Copy, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    shutil.copy(copy.programs / "python3", mine)
    copy.offer_python("3.9.2", is_fit=False)
    result = copy.make("setup", f"PYTHON={mine}")
    assert result.returncode == 0
    assert f"Making .venv with {mine}" in result.stdout


def test_a_python_without_venv_says_what_to_install(copy: Copy) -> None:
    result = copy.make("setup", FAILS="-m venv")
    assert result.returncode != 0
    assert "install python3-venv" in result.stderr
    assert not (copy.folder / ".venv").exists()


def test_down_without_an_environment_says_that_nothing_runs(copy: Copy) -> None:
    result = copy.make("down")
    assert result.returncode == 0
    assert "Nothing runs" in result.stdout


@pytest.mark.parametrize(
    ("failing", "expected"), [("", ["lint", "test"]), ("test", ["lint", "test"]), ("lint", ["lint"])]
)
def test_ci_runs_lint_and_tests_and_fails_with_them(tmp_path: Path, failing: str, expected: list[str]) -> None:
    calls = tmp_path / "calls"
    for name, text in {
        "make": f'echo "$1" >> "{calls}"; [ "$1" != "{failing}" ]',
        "chromium": "exit 0",
        "docker-compose": "exit 0",
    }.items():
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\n{text}\n")
        program.chmod(0o755)
    result = subprocess.run([REPOSITORY / ".ci" / "run"], env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, check=False)
    assert calls.read_text().split() == expected
    assert (result.returncode == 0) is (failing == "")
