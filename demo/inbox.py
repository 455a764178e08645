"""A local HTTP endpoint that takes the platform's messages and appends them to a file, one JSON document a line."""

from __future__ import annotations

import json
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any


def read_messages(file: Path) -> list[dict[str, Any]]:
    """Read what has come in so far."""
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def serve(port: int, file: Path) -> None:
    """Take messages on loopback until the process ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            with file.open("a") as stream:
                stream.write(json.dumps(body, ensure_ascii=False) + "\n")
            self.send_response(200)
            self.end_headers()

        def log_message(self, *arguments: object) -> None:
            """Write no line: the address that was called holds the route's token."""

    HTTPServer(("127.0.0.1", port), Handler).serve_forever()


if __name__ == "__main__":
    serve(int(sys.argv[1]), Path(sys.argv[2]))
