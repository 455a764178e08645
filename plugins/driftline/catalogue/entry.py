"""The shape of a catalogue entry. Reading the files is `load`'s work."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from pydantic import Field as Attribute
from pydantic import model_validator

from driftline.catalogue.configuration import Configuration
from driftline.catalogue.field import Decoder, Field, Modules, Stored
from driftline.catalogue.versions import (
    SUPPORTED_MAJORS,
    Identifier,
    ModelName,
    OdooVersion,
    Version,
    name_in,
    within,
)
from driftline.declarations import Strict

# They say nothing about what a reading returns: changing them costs no client a full reading.
_NOT_IN_HASH = {"history", "configuration", "never_read", "documented_only", "rpc_read"}
# A decoder that looks at another field of the row, and which.
_COMPANIONS = {Decoder.HASH_IF_SECRET_KEY: "key", Decoder.SELECTION_LABEL: "field_id"}


@dataclass(frozen=True)
class Column:
    """A canonical field as one version's table holds it."""

    name: str
    source: str
    field: Field


_STAMPS = {
    "create_uid": Field(type=Stored.MANY2ONE),
    "create_date": Field(type=Stored.DATETIME),
    "write_uid": Field(type=Stored.MANY2ONE),
    "write_date": Field(type=Stored.DATETIME),
}


class Via(Strict):
    """How RPC reaches a relation table: a many2many field of a model, whose own id lies in the column `owner`.

    `points_at` tells two fields of one name apart that different modules bring, each with a table of its own.
    """

    model: ModelName
    field: Identifier | dict[Version, Identifier]
    owner: Identifier
    points_at: ModelName | None = None

    def field_in(self, version: OdooVersion) -> str:
        """Give the field's name in this version; raise ValueError where none is declared."""
        name = self.field if isinstance(self.field, str) else name_in(version, self.field, "")
        if not name:
            raise ValueError(f"no field of {self.model} is declared for Odoo {version}")
        return name


class Entry(Strict):
    """One Odoo model (or relation table, or view that `driftline grants` offers): what is read of it.

    A view is read on the direct path, where the client's administrator made it; it brings the row version as a column.

    `never_read` names columns that exist in Odoo and must not leave it. `read` is the direct path's mode; `rpc_read`
    differs where write_date, the only clock that RPC shows, does not tell of changes. `rpc_hides` says which rows
    Odoo's own code leaves out over RPC, whatever the rights. `documented_only` says why no server confirmed the entry;
    which versions were confirmed at all, `load_evidence` tells.
    """

    model: ModelName
    kind: Literal["model", "relation", "view"] = "model"
    table: Identifier
    key: tuple[Identifier, ...] = ("id",)
    module: Modules = ()
    since: Version | None = None
    until: Version | None = None
    read: Literal["incremental", "full"]
    rpc_read: Literal["incremental", "full"] | None = None
    via: Via | None = None
    rpc_hides: str = ""
    history: bool = False
    configuration: Configuration | None = None
    stamps: bool = False
    fields: dict[Identifier, Field] = Attribute(default_factory=dict)
    never_read: tuple[Identifier, ...] = ()
    documented_only: str = ""

    @model_validator(mode="after")
    def _check(self) -> Entry:
        if self.kind == "relation":
            self._check_relation()
        elif self.key != ("id",):
            raise ValueError("a model's key is id")
        elif self.via:
            raise ValueError("only a relation is reached via another model")
        elif not self.fields:
            raise ValueError("a model needs at least one field")
        if self.stamps and (clash := sorted(set(self.fields) & set(_STAMPS))):
            raise ValueError(f"stamps already bring {', '.join(clash)}")
        if self._clashes():
            raise ValueError(f"a field may not be named {', '.join(self._clashes())}")
        self._check_decoders()
        if self.configuration:
            self.configuration.check(self)
        if forbidden := sorted(self.sources & set(self.never_read)):
            raise ValueError(f"reads what never_read forbids: {', '.join(forbidden)}")
        return self

    def _check_relation(self) -> None:
        if len(self.key) != 2 or self.fields or self.stamps:
            raise ValueError("a relation has a key of two columns and no fields")
        if self.via is None:
            raise ValueError("a relation needs via: the many2many field that reaches it over RPC")
        if self.via.owner not in self.key:
            raise ValueError(f"via.owner '{self.via.owner}' is not in the key")
        if self.rpc_read == "incremental":
            raise ValueError("a relation table has no clock: over RPC it is read in full")

    def _check_decoders(self) -> None:
        for decoder, companion in _COMPANIONS.items():
            if companion not in self.fields and any(field.decode is decoder for field in self.fields.values()):
                raise ValueError(f"decode: {decoder} needs the field {companion} beside it")

    def _clashes(self) -> list[str]:
        return sorted(name for name in self.fields if name in (*self.key, "client_id") or name.startswith("_"))

    @property
    def all_fields(self) -> dict[str, Field]:
        """The declared fields in order, then the stamps."""
        return {**self.fields, **(_STAMPS if self.stamps else {})}

    @property
    def sources(self) -> frozenset[str]:
        """All columns that are read in any version."""
        versions = [OdooVersion(major) for major in SUPPORTED_MAJORS]
        return frozenset(column.source for version in versions for column in self.columns_for(version))

    @property
    def is_optional(self) -> bool:
        """Whether a client may lack the table: its module need not be installed, nor a view made."""
        return bool(self.module) or self.kind == "view"

    @property
    def rpc_mode(self) -> str:
        """How RPC reads the model: `incremental` by write_date, or `full`."""
        return self.rpc_read or ("full" if self.kind == "relation" else self.read)

    @property
    def entry_hash(self) -> str:
        """A digest of everything that decides what a reading returns; when it moves, the next reading is full."""
        return hashlib.sha256(self.model_dump_json(exclude=_NOT_IN_HASH).encode()).hexdigest()[:16]

    def exists_in(self, version: OdooVersion) -> bool:
        return within(version, self.since, self.until)

    def columns_for(self, version: OdooVersion) -> list[Column]:
        """List the fields that exist in this version, with their column names there."""
        return [
            Column(name=name, source=field.column_in(version, name), field=field)
            for name, field in self.all_fields.items()
            if field.exists_in(version)
        ]


@dataclass(frozen=True)
class Catalogue:
    """All entries, by model name."""

    entries: dict[str, Entry]

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.entries.values())

    def __len__(self) -> int:
        return len(self.entries)

    def __getitem__(self, model: str) -> Entry:
        return self.entries[model]


class Evidence(Strict):
    """Which versions real servers answered for, and for which there is only public documentation and code."""

    observed: tuple[Version, ...]
    from_documentation: tuple[Version, ...]

    @model_validator(mode="after")
    def _check(self) -> Evidence:
        named = sorted([*self.observed, *self.from_documentation])
        if named != [f"{major}.0" for major in SUPPORTED_MAJORS]:
            raise ValueError(f"each of {SUPPORTED_MAJORS[0]}.0 to {SUPPORTED_MAJORS[-1]}.0 belongs in one list")
        return self
