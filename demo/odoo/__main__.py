"""`python -m demo.odoo create|plant --help`: the demo's databases from the command line."""

from __future__ import annotations

import argparse
import os
import sys
from datetime import datetime

import psycopg2
from psycopg2.extensions import make_dsn

from demo.odoo import CLIENT_IDS, DemoError, create, plant_night_two

_URL_VARIABLE = "DEMO_POSTGRES_URL"


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return 0, 2 for bad usage, 3 when the server could not be reached."""
    options = _parser().parse_args(arguments)
    url = options.url or os.environ.get(_URL_VARIABLE)
    if not url:
        print(f"No server given. Pass --url or set {_URL_VARIABLE}.", file=sys.stderr)
        return 2
    try:
        for client_id in options.clients or CLIENT_IDS:
            if options.command == "create":
                print(create(url, client_id, anchor_at=options.anchor, seed=options.seed))
            else:
                lines = plant_night_two(make_dsn(url, dbname=f"odoo_{client_id}"), client_id, at=options.at)
                print("\n".join(f"{client_id}: {line}" for line in lines or ["nothing changes"]))
    except DemoError as error:
        print(error, file=sys.stderr)
        return 2
    except psycopg2.OperationalError as error:
        print(f"The server of the demo's databases could not be reached: {error}", file=sys.stderr)
        return 3
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m demo.odoo", description="Make the demo clients' Odoo databases.")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, words in (
        ("create", "drop and make the databases"),
        ("plant", "apply night two's planted changes, once"),
    ):
        command = commands.add_parser(name, help=words, description=words)
        help_text = f"a PostgreSQL server, as a user who may create databases; default: ${_URL_VARIABLE}"
        command.add_argument("--url", help=f"{help_text}. A password is better kept in the variable.")
        command.add_argument("--client", dest="clients", action="append", choices=CLIENT_IDS, help="default: all")
        if name == "create":
            command.add_argument("--anchor", type=_instant, required=True, help="the instant that the data end at")
            command.add_argument("--seed", type=int, default=1, help="default: 1")
        else:
            command.add_argument(
                "--at", type=_instant, required=True, help="the instant of night two, after the anchor"
            )
    return parser


def _instant(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise argparse.ArgumentTypeError(f"'{text}' is no instant with a time zone, such as 2026-11-20T22:15:00+00:00")
    return moment


if __name__ == "__main__":
    sys.exit(main())
