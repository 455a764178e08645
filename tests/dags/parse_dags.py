"""Parses the DAG files in a fresh process and prints, as JSON, what came of it; run by test_dag_files.

Everything that reaches for a file descriptor outside the file system, or for a heavy package, is written down.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from airflow.dag_processing.dagbag import BundleDagBag
from airflow.serialization.serialized_objects import DagSerialization

_WATCHED = ("socket.connect", "socket.getaddrinfo", "sqlite3.connect", "subprocess.Popen", "urllib.Request")

folder = Path(sys.argv[1])
known = set(sys.modules)
events: list[str] = []
sys.addaudithook(lambda event, arguments: events.append(f"{event} {arguments!r}") if event in _WATCHED else None)
bag = BundleDagBag(str(folder), bundle_path=folder, bundle_name="dags-folder")
json.dump(
    {
        "dags": {dag_id: DagSerialization.to_dict(dag) for dag_id, dag in bag.dags.items()},
        "import_errors": {Path(file).name: error for file, error in bag.import_errors.items()},
        "events": events,
        "imported": sorted({name.split(".")[0] for name in set(sys.modules) - known}),
    },
    sys.stdout,
    default=str,
)
