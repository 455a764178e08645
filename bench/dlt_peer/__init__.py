"""The peer dlt: an environment of its own under `build/`, kept between runs, and one load in it.

`load.py` runs inside that environment; nothing else here may import dlt.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from bench.servers import BUILD, drop_database
from demo.odoo.database import administer
from demo.postgres import EmbeddedPostgres

_HERE = Path(__file__).parent
_LOCK = _HERE / "requirements.txt"
_FOLDER = BUILD / "bench-dlt"
_PYTHON = _FOLDER / "bin" / "python"


def load_seconds(
    server: EmbeddedPostgres, source: str, *, columns: list[str], row_count: int, file_format: str
) -> float:
    """Load the tickets into a database of their own, then drop it; give the seconds of the load.

    `file_format` is dlt's `loader_file_format`: `insert_values` is its default for PostgreSQL, `csv` goes in by COPY.
    """
    _prepare()
    administer(server.url(), "create database {}", "bench_dlt")
    with tempfile.TemporaryDirectory() as pipelines:
        result = subprocess.run(
            [str(_PYTHON), str(_HERE / "load.py"), pipelines, file_format, *columns],
            env={
                **os.environ,
                "SOURCE_URL": source,
                "DESTINATION_URL": server.url("bench_dlt"),
                "RUNTIME__DLTHUB_TELEMETRY": "false",
                "RUNTIME__LOG_LEVEL": "ERROR",
            },
            check=True,
            stdout=subprocess.PIPE,
        )
    drop_database(server, "bench_dlt")
    report = json.loads(result.stdout)
    assert report["row_count"] == row_count, f"dlt loaded {report['row_count']} of {row_count} rows"
    return float(report["elapsed_seconds"])


def _prepare() -> None:
    """Make the environment, or make it anew when its lock has changed. The stamp is written last."""
    stamp, wanted = _FOLDER / "stamp", f"{BUILD}\n{_LOCK.read_text()}"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    shutil.rmtree(_FOLDER, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", str(_FOLDER)], check=True)
    by_uv = subprocess.run(
        [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--python", str(_PYTHON), "-r", str(_LOCK)],
        check=False,
    )
    if by_uv.returncode != 0:  # uv does not read pip's configuration, see the Makefile
        subprocess.run([str(_PYTHON), "-m", "pip", "install", "--quiet", "-r", str(_LOCK)], check=True)
    stamp.write_text(wanted)
