"""What the parts of the generator share about the client they are making. Not here: any part's own rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from driftline.registry import Client, load_registry

from demo.odoo.clock import WEEKS, Clock
from demo.odoo.rows import Rows
from demo.odoo.schema import Schema, load_schema
from demo.odoo.texts import LANGUAGES, WORDS
from demo.odoo.truth import ClientTruth, load_truth

CLIENTS_FILE = Path(__file__).resolve().parents[1] / "clients.yml"
ROOT_UID, ADMIN_UID = 1, 2


@dataclass(frozen=True)
class Person:
    """One row of res_users with what hangs on it."""

    user_id: int
    partner_id: int
    login: str
    role: str
    is_active: bool


@dataclass
class World:
    """One client in the making."""

    client: Client
    truth: ClientTruth
    schema: Schema
    clock: Clock
    seed: int
    rows: Rows
    people: list[Person] = field(default_factory=list)
    customers: list[int] = field(default_factory=list)
    groups: dict[str, int] = field(default_factory=dict)
    models: dict[str, int] = field(default_factory=dict)
    tracked_fields: dict[tuple[str, str], int] = field(default_factory=dict)

    @property
    def domain(self) -> str:
        """The made-up mail domain of the client."""
        return f"{self.client.client_id}.example"

    @property
    def installed_at(self) -> datetime:
        """When the database was made: a year before its tickets begin."""
        return self.clock.days_ago(WEEKS * 7 + 365, hour=9.25)

    @property
    def agents(self) -> list[Person]:
        """Active people who answer tickets."""
        return [person for person in self.people if person.is_active and person.role.startswith("helpdesk")]

    def random(self, topic: str) -> Random:
        """Give the topic's own stream of numbers, so that one part's changes leave the others as they were."""
        return Random(f"{self.seed}/{self.client.client_id}/{topic}")

    def add_external_id(self, xml_id: str, model: str, res_id: int, *, at: datetime, is_noupdate: bool = False) -> None:
        """Record which module owns a row: `base.group_user`."""
        module, name = xml_id.split(".", 1)
        self.rows.add(
            "ir_model_data",
            {"module": module, "name": name, "model": model, "res_id": res_id, "noupdate": is_noupdate, **stamps(at)},
        )


def open_world(client_id: str, *, anchor_at: datetime, seed: int) -> World:
    """Gather what stands written about a client; raise ConfigError for an unknown one."""
    client = load_registry(CLIENTS_FILE).client(client_id)
    truth = load_truth().clients[client_id]
    schema = load_schema(truth.odoo_version)
    return World(
        client=client,
        truth=truth,
        schema=schema,
        clock=Clock(anchor_at, ZoneInfo(client.timezone)),
        seed=seed,
        rows=Rows(schema, **languages(client_id)),
    )


def languages(client_id: str) -> dict[str, Any]:
    """Give a client's second language and its words, as `Sink` takes them."""
    language = LANGUAGES.get(client_id)
    return {"language": language, "words": WORDS.get(language or "", {})}


def stamps(
    at: datetime, *, uid: int = ROOT_UID, written_at: datetime | None = None, written_by: int | None = None
) -> dict[str, Any]:
    """Give the four columns that Odoo stamps."""
    return {"create_uid": uid, "create_date": at, "write_uid": written_by or uid, "write_date": written_at or at}


def some_microseconds(random: Random) -> timedelta:
    """Give a part of a second: Odoo's stamps have microseconds."""
    return timedelta(microseconds=random.randrange(1, 1_000_000))
