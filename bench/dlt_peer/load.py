"""Load one table by dlt's `sql_database` with its pyarrow backend; runs in the peer's own environment.

Prints the seconds of the load (imports not counted) and the rows that arrived, as JSON. Source and destination come
as SOURCE_URL and DESTINATION_URL; pipelines folder, loader file format and columns as arguments.
"""

from __future__ import annotations

import json
import os
import sys
import time

import dlt
from dlt.destinations import postgres
from dlt.sources.sql_database import sql_table

TABLE = "helpdesk_ticket"


def main(folder: str, file_format: str, columns: list[str]) -> None:
    """Run the pipeline once, from nothing."""
    pipeline = dlt.pipeline(
        pipeline_name="bench",
        pipelines_dir=folder,
        destination=postgres(credentials=os.environ["DESTINATION_URL"]),
        dataset_name="raw",
    )
    # SQLAlchemy's default driver for PostgreSQL is another one from 2.1 on.
    source = os.environ["SOURCE_URL"].replace("postgresql:", "postgresql+psycopg2:", 1)
    started = time.monotonic()
    table = sql_table(credentials=source, table=TABLE, included_columns=columns, backend="pyarrow")
    pipeline.run(table, write_disposition="replace", loader_file_format=file_format)
    elapsed_seconds = time.monotonic() - started
    row_count = pipeline.last_trace.last_normalize_info.row_counts[TABLE]
    print(json.dumps({"elapsed_seconds": elapsed_seconds, "row_count": row_count}))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3:])
