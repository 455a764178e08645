"""One canonical field of a catalogue entry: its type, where it exists, and how a stored value is decoded."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any

from pydantic import BeforeValidator, model_validator

from driftline.catalogue.versions import Identifier, OdooVersion, Version, name_in, within
from driftline.declarations import Strict

# Company-dependent values lie in a jsonb column by company id from here on, and in the rows of ir.property before.
COMPANY_VALUES_SINCE = OdooVersion(18)


class Sensitivity(StrEnum):
    PUBLIC = "public"
    PERSONAL = "personal"


class Stored(StrEnum):
    """Odoo's field types that are read, as far as they are stored in a column."""

    CHAR = "char"
    TEXT = "text"
    HTML = "html"
    SELECTION = "selection"
    INTEGER = "integer"
    MANY2ONE = "many2one"
    FLOAT = "float"
    MONETARY = "monetary"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"
    JSON = "json"


class Decoder(StrEnum):
    """What becomes of a stored text before it leaves the source; NULL stays NULL except for `presence`.

    `hashed` and `hash_if_secret_key` give 'sha256:' and the digest of the client's salt and the text; the latter only
    where the row's `key` looks like a secret's. `presence` says whether there is any text. `length` counts characters.
    `selection_label` keeps the text only where the tracked field (`field_id`) is a selection: other texts may be
    personal. `field_names` lists, sorted and once each, the fields that a view's architecture places or points at.
    """

    PLAIN = "plain"
    MD5 = "md5"
    HASHED = "hashed"
    HASH_IF_SECRET_KEY = "hash_if_secret_key"  # noqa: S105  a decoder's name
    PRESENCE = "presence"
    LENGTH = "length"
    SELECTION_LABEL = "selection_label"
    FIELD_NAMES = "field_names"


_TEXTS = frozenset({Stored.CHAR, Stored.TEXT, Stored.HTML})
_LANDS_AS = {Decoder.PRESENCE: Stored.BOOLEAN, Decoder.LENGTH: Stored.INTEGER, Decoder.FIELD_NAMES: Stored.JSON}


# What each type is in the warehouse.
COLUMN_TYPES: dict[Stored, str] = {
    Stored.CHAR: "text",
    Stored.TEXT: "text",
    Stored.HTML: "text",
    Stored.SELECTION: "text",
    Stored.INTEGER: "bigint",
    Stored.MANY2ONE: "bigint",
    Stored.FLOAT: "double precision",
    Stored.MONETARY: "numeric",
    Stored.BOOLEAN: "boolean",
    Stored.DATE: "date",
    Stored.DATETIME: "timestamp with time zone",
    Stored.JSON: "jsonb",
}


def _listed(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


# One module, or several of which any brings it.
Modules = Annotated[tuple[Identifier, ...], BeforeValidator(_listed)]


class Field(Strict):
    """One canonical field. `module` brings it, where that is not the module that brings the model.

    A `computed` one lies in no column: Odoo works it out when it is asked, so it is told over RPC only.
    """

    type: Stored
    sensitivity: Sensitivity = Sensitivity.PUBLIC
    column: Identifier | dict[Version, Identifier] | None = None
    translated: bool = False
    company_dependent: bool = False
    computed: bool = False
    decode: Decoder = Decoder.PLAIN
    module: Modules = ()
    since: Version | None = None
    until: Version | None = None

    @model_validator(mode="after")
    def _check(self) -> Field:
        if self.decode is not Decoder.PLAIN and self.type not in _TEXTS:
            raise ValueError(f"decode: {self.decode} needs a text, not {self.type}")
        if self.company_dependent and (self.translated or self.decode is not Decoder.PLAIN):
            raise ValueError("a company-dependent value is neither translated nor decoded")
        if self.computed and (self.company_dependent or self.translated):
            raise ValueError("a computed value is neither company-dependent nor translated")
        return self

    @property
    def lands_as(self) -> Stored:
        """The type in the warehouse; a company-dependent value lands as JSON, company id → value."""
        return Stored.JSON if self.company_dependent else _LANDS_AS.get(self.decode, self.type)

    @property
    def column_type(self) -> str:
        """The type of the warehouse's column."""
        return COLUMN_TYPES[self.lands_as]

    def absence(self, version: OdooVersion) -> str | None:
        """Say why Odoo of this version has no such column at all (None: it has one)."""
        if not within(version, self.since, self.until):
            return f"not in Odoo {version}"
        if self.company_dependent and version < COMPANY_VALUES_SINCE:
            return f"stored in ir.property in Odoo {version}"
        return None

    def exists_in(self, version: OdooVersion) -> bool:
        return self.absence(version) is None

    def column_in(self, version: OdooVersion, name: str) -> str:
        """Give the column's name in this version (`column` may name the version from which each name holds)."""
        return name_in(version, self.column, name) if isinstance(self.column, dict) else self.column or name
