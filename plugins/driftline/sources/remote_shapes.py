"""What of the catalogue a client's Odoo has, as it tells over the network: models, fields, and how many rows.

The same for the direct path: `shapes`. How rows are read is decided in `remote`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import Any

from driftline.catalogue import Catalogue, Column, Entry, OdooVersion
from driftline.errors import DriftlineError, SourceShapeError
from driftline.sources.base import Shape
from driftline.sources.calls import ModelForbidden
from driftline.sources.paging import Asker
from driftline.sources.shapes import absent_shape

# Odoo leaves attachments with res_field out of a search unless the domain names the id; paging by id always does.
_ANY_ROW = [("id", ">", 0)]

# Odoo's own names of field types that the catalogue's types may be read from.
_ALLOWED = {
    "char": {"char", "selection", "text"},
    "text": {"text", "html", "char"},
    "html": {"html", "text"},
    "selection": {"selection", "char", "reference"},
    "integer": {"integer", "many2one_reference", "id"},
    "many2one": {"many2one"},
    "float": {"float", "monetary"},
    "monetary": {"monetary", "float"},
    "boolean": {"boolean"},
    "date": {"date"},
    "datetime": {"datetime"},
    "json": {"json", "properties", "properties_definition"},
}


class RemoteShapes:
    """Asks a server once about each model and remembers the answer."""

    def __init__(self, ask: Asker, *, version: OdooVersion, client_id: str) -> None:
        self._ask = ask
        self._version = version
        self._client_id = client_id
        self._shapes: dict[str, Shape | DriftlineError] = {}
        self._fields: dict[str, Mapping[str, Any] | None] = {}
        self._counts: dict[str, int] = {}

    def look_at(self, catalogue: Catalogue, *, concurrent_calls: int) -> None:
        """Look up the shapes of all models, as many at a time as the budget allows; `shape` tells what was wrong."""
        self._models  # noqa: B018  one question for all, before the threads ask it
        with ThreadPoolExecutor(max_workers=concurrent_calls) as pool:
            for entry, found in zip(catalogue, pool.map(self._try_look_up, catalogue), strict=True):
                self._shapes[entry.model] = found

    def shape(self, entry: Entry) -> Shape:
        """Say what of the entry there is; raise SourceError if it cannot be read as declared."""
        if entry.model not in self._shapes:
            self._shapes[entry.model] = self._try_look_up(entry)
        found = self._shapes[entry.model]
        if isinstance(found, DriftlineError):
            raise found
        return found

    def row_count(self, model: str) -> int | None:
        """Give how many rows of a model the account saw when it was looked at."""
        return self._counts.get(model)

    def _try_look_up(self, entry: Entry) -> Shape | DriftlineError:
        try:
            return self._look_up(entry)
        except DriftlineError as error:
            return error

    @cached_property
    def _models(self) -> frozenset[str] | None:
        """The models there are; None where the account may not look, and each must be asked for by its name."""
        try:
            pages = self._ask.pages("ir.model", [], ["model"])
            return frozenset(record["model"] for page in pages for record in page)
        except ModelForbidden:
            return None

    def _fields_of(self, model: str) -> Mapping[str, Any] | None:
        """Ask what fields a model has (None: no such model) and how many rows; raise ModelForbidden.

        Few attributes: all of them cost the server much more.
        """
        if model not in self._fields:
            found = None
            if self._models is None or model in self._models:
                try:
                    found = self._ask.call(model, "fields_get", {"attributes": ["type", "store", "relation"]})
                    self._counts[model] = int(self._ask.call(model, "search_count", {"domain": _ANY_ROW}))
                except SourceShapeError:
                    found = None  # no such model, or a name that a module left in ir.model when it went
            self._fields[model] = found
        return self._fields[model]

    def _look_up(self, entry: Entry) -> Shape:
        model = entry.via.model if entry.via else entry.model
        try:
            is_asked = entry.kind != "view" and entry.exists_in(self._version)
            fields = self._fields_of(model) if is_asked else None
        except ModelForbidden:
            missing = dict.fromkeys(entry.all_fields, f"the account may not read {model}")
            return Shape(is_present=False, columns=(), missing=missing, shape_hash="hidden", is_hidden=True)
        if fields is None:
            return absent_shape(entry, version=self._version, client_id=self._client_id)
        if entry.via is not None:
            return self._relation_shape(entry, fields)
        present: list[Column] = []
        missing = {}
        for column in entry.columns_for(self._version):
            found = fields.get(column.source)
            if column.field.company_dependent:
                missing[column.name] = "RPC shows one company's value only"
            elif found is None or (found.get("store") is False and not column.field.computed):
                missing[column.name] = f"no stored field {column.source} in {model}, or the account may not read it"
            elif found["type"] not in _ALLOWED[column.field.type.value]:
                raise SourceShapeError(
                    f"{model}.{column.source} is {found['type']}, the catalogue reads it as {column.field.type.value}.",
                    client_id=self._client_id,
                    hint="If Odoo changed it, correct the catalogue entry; if a customisation did, tell its owner.",
                )
            else:
                present.append(column)
        absences = {name: field.absence(self._version) for name, field in entry.all_fields.items()}
        missing |= {name: reason for name, reason in absences.items() if reason}
        described = [f"{column.name}:{fields[column.source]['type']}" for column in present]
        targets = {column.name: fields[column.source].get("relation") for column in present}
        return Shape(
            is_present=True,
            columns=tuple(column.name for column in present),
            missing=missing,
            shape_hash=digest_of([entry.model, *described]),
            references={name: target for name, target in targets.items() if target},
        )

    def _relation_shape(self, entry: Entry, fields: Mapping[str, Any]) -> Shape:
        assert entry.via is not None
        name = entry.via.field_in(self._version)
        target = str(fields.get(name, {}).get("relation") or "")
        is_there = name in fields and entry.via.points_at in (None, target)
        if not is_there and entry.is_optional:
            return absent_shape(entry, version=self._version, client_id=self._client_id)
        if not is_there:
            raise SourceShapeError(f"{entry.via.model} has no field {name}.", client_id=self._client_id)
        other = next(column for column in entry.key if column != entry.via.owner)
        return Shape(
            is_present=True, columns=(), missing={}, shape_hash=digest_of([entry.table, name]),
            references={other: target},
        )  # fmt: skip


def digest_of(parts: Sequence[str]) -> str:
    """Digest a few words, shortly."""
    return hashlib.sha256("|".join(parts).encode()).hexdigest()[:16]
