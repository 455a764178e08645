"""`python -m demo.server --help`: serve one database until interrupted."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

import psycopg2
import yaml

from demo.server.server import OdooServer

_URL_VARIABLE = "DEMO_ODOO_DATABASE_URL"


def main(arguments: list[str] | None = None) -> int:
    """Run the server; return 0 after an interrupt, 2 for bad usage, 3 when the database could not be reached."""
    options = _parser().parse_args(arguments)
    url = options.url or os.environ.get(_URL_VARIABLE)
    if not url:
        print(f"No database given. Set {_URL_VARIABLE} or pass --url.", file=sys.stderr)
        return 2
    try:
        accounts = yaml.safe_load(Path(options.accounts).read_text()) or {}
        server = OdooServer(
            url,
            version=options.version,
            users=accounts.get("users") or {},
            api_keys=accounts.get("api_keys") or {},
            database=options.database,
            hidden=accounts.get("hidden") or {},
            server_version=options.build,
            on_disk=dict(pair.split("=", 1) for pair in options.on_disk),
            host=options.host,
            port=options.port,
            is_talkative=True,
        )
    except (OSError, ValueError, yaml.YAMLError) as error:
        print(f"{options.accounts}: {error}", file=sys.stderr)
        return 2
    except psycopg2.OperationalError as error:
        print(f"The database could not be reached: {error}", file=sys.stderr)
        return 3
    print(f"Odoo {options.version} over {server.database}: {server.url}", flush=True)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.stop()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m demo.server", description="Speak Odoo's protocols over an Odoo-shaped PostgreSQL database."
    )
    parser.add_argument("--url", help=f"the database; default: ${_URL_VARIABLE}. A password is better kept there.")
    parser.add_argument("--version", required=True, help="which Odoo to speak as, 14.0 to 20.0")
    parser.add_argument(
        "--accounts",
        required=True,
        help="a YAML file: users (login: password), api_keys (key: login), hidden (model: domain)",
    )
    parser.add_argument("--build", help="what the server calls its code, as 17.0-20240709; default: the version")
    parser.add_argument(
        "--on-disk",
        action="append",
        default=[],
        metavar="MODULE=VERSION",
        help="a module whose code has another version than is installed",
    )
    parser.add_argument("--database", help="the name that clients must give; default: the database's own")
    parser.add_argument("--host", default="127.0.0.1", help="where to listen; default: %(default)s")
    parser.add_argument("--port", type=int, default=8069, help="default: %(default)s")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
