"""Reading over the network: id keyset pages, explicit stored fields, and an answer that is checked before it counts.

The same for odoorpc and JSON-2; they differ in their `Caller`. What RPC hides from a bot is measured in `visibility`.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any, BinaryIO

from driftline.catalogue import Entry, OdooVersion
from driftline.errors import SourceAccessDenied, SourceShapeError, SourceUnavailable
from driftline.sources.base import BUCKET_SIZE, Cursor, Digest, Everything, InBuckets, Scope, Shape, Since
from driftline.sources.calls import Caller, PageTooLarge, with_retries
from driftline.sources.decoding import client_salt
from driftline.sources.encoding import Encoder, companions, content_version, encoders, escape
from driftline.sources.shapes import absent_shape

_QUICK_SECONDS = 0.7
_SMALLEST_PAGE = 10
_SECONDS_PER_DAY = 86_400

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


@dataclass(frozen=True)
class Manner:
    """How a client's server is asked, and how far back a reading looks."""

    page_rows: int = 500
    largest_page_rows: int = 2_000
    overlap: timedelta = timedelta(hours=2)  # at least as long as the longest transaction on the server
    full_read_every_nights: int = 7


@dataclass
class PageSize:
    """How many records are asked for at once: halves when the server gives up, grows while it answers quickly."""

    rows: int
    largest: int

    def shrink(self) -> bool:
        """Ask for half; say no when it cannot get smaller."""
        if self.rows <= _SMALLEST_PAGE:
            return False
        self.rows = max(_SMALLEST_PAGE, self.rows // 2)
        return True

    def settle(self, seconds: float) -> None:
        """Ask for more next time if this page was quick."""
        if seconds < _QUICK_SECONDS:
            self.rows = min(self.largest, self.rows * 2)


class RemoteReading:
    """See `sources.base.Reading`. Not one snapshot: what moves while it is read is read again the next night."""

    def __init__(
        self, client_id: str, caller: Caller, *, salt: str, now: datetime, manner: Manner | None = None
    ) -> None:
        self._client_id = client_id
        self._caller = caller
        self._salt = client_salt(salt, client_id)
        self._manner = manner or Manner()
        self._page = PageSize(rows=self._manner.page_rows, largest=self._manner.largest_page_rows)
        self._shapes: dict[str, Shape] = {}
        self._fields: dict[str, Mapping[str, Any] | None] = {}
        self._models: set[str] | None = None
        self.version: OdooVersion = caller.version
        self._context: dict[str, Any] = {"active_test": False, "lang": "en_US", "bin_size": True}
        companies = self._call("res.company", "search", {"domain": []})
        self._context["allowed_company_ids"] = companies
        uuid = self._search_read("ir.config_parameter", [("key", "=", "database.uuid")], ["value"], limit=1)
        self._database = {"database_uuid": uuid[0]["value"] if uuid else ""}
        self._since = int((caller.server_time() or now).timestamp())

    @property
    def position(self) -> dict[str, int]:
        # The server's own clock as this reading began: its write_date is stamped by the same clock.
        return {"since": self._since}

    @property
    def identity(self) -> dict[str, str]:
        return self._database

    def shape(self, entry: Entry) -> Shape:
        if entry.model not in self._shapes:
            self._shapes[entry.model] = self._look_up(entry)
        return self._shapes[entry.model]

    def columns(self, entry: Entry) -> list[str]:
        return [*entry.key, *self.shape(entry).columns, "_row_version"]

    def write_rows(self, entry: Entry, scope: Scope, sink: BinaryIO, *, lead: Sequence[str] = ()) -> int:
        prefix = "".join(f"{escape(constant)}\t" for constant in lead)
        count = 0
        for line in self._lines(entry, scope):
            sink.write(f"{prefix}{line}\n".encode())
            count += 1
        return count

    def write_keys(self, entry: Entry, sink: BinaryIO) -> int:
        """Write every key that the source has now, for the comparison that finds deletions."""
        count = 0
        for page in self._pages(entry.model, [], ["id"]):
            sink.write("".join(f"{record['id']}\n" for record in page).encode())
            count += len(page)
        return count

    def digests(self, entry: Entry) -> dict[int, Digest] | None:  # noqa: ARG002  the protocol's
        # RPC shows no row versions: completeness is counts and key sets, and a weekly comparison of values.
        return None

    def full_reason(self, entry: Entry) -> str | None:
        if entry.rpc_mode == "full":
            return "its write_date does not tell of changes"
        nights = self._manner.full_read_every_nights
        turn = int(_hash([entry.model]), 16) + self._since // _SECONDS_PER_DAY
        return f"every model is read in full each {nights} nights" if turn % nights == 0 else None

    def cursor_problem(self, entry: Entry, cursor: Cursor) -> str | None:
        if problem := cursor.mismatch(entry, identity=self.identity, shape=self.shape(entry)):
            return problem
        if "since" not in cursor.position:
            return "the last reading was a direct one"
        if cursor.position["since"] > self._since:
            return "the server's clock went back"
        return None

    def _lines(self, entry: Entry, scope: Scope) -> Iterator[str]:
        if entry.via is not None:
            yield from self._pairs(entry)
            return
        present = {column.name: column for column in entry.columns_for(self.version)}
        columns = [present[name] for name in self.shape(entry).columns]
        encode = encoders(columns, salt=self._salt, selection_fields=self._selection_fields)
        fields = list(dict.fromkeys(["id", *(column.source for column in columns), *companions(columns)]))
        for domain in _domains(scope, overlap=self._manner.overlap):
            for page in self._pages(entry.model, domain, fields):
                for record in page:
                    yield _line(record, encode)

    def _selection_fields(self) -> frozenset[int]:
        pages = self._pages("ir.model.fields", [("ttype", "=", "selection")], ["id"])
        return frozenset(record["id"] for page in pages for record in page)

    def _pairs(self, entry: Entry) -> Iterator[str]:
        assert entry.via is not None
        field = entry.via.field_in(self.version)
        for page in self._pages(entry.via.model, [], ["id", field]):
            for record in page:
                for other in record[field]:
                    left, right = (record["id"], other) if entry.key[0] == entry.via.owner else (other, record["id"])
                    yield f"{left}\t{right}\t0"

    def _pages(self, model: str, domain: list[Any], fields: Sequence[str]) -> Iterator[list[dict[str, Any]]]:
        """Read by id, ascending, until a page is empty: a short page may be rights at work, not the end."""
        last_id = 0
        while True:
            keyset = [("id", ">", last_id), *domain]
            started = time.monotonic()
            try:
                page = self._search_read(model, keyset, fields, limit=self._page.rows)
            except PageTooLarge:
                if self._page.shrink():
                    continue
                raise
            self._page.settle(time.monotonic() - started)
            if not page:
                return
            ids = [record["id"] for record in page]
            if ids[0] <= last_id or any(later <= earlier for earlier, later in pairwise(ids)):
                raise SourceShapeError(f"{model}: the server does not page by id.", client_id=self._client_id)
            last_id = ids[-1]
            yield page

    def _search_read(
        self, model: str, domain: Sequence[Any], fields: Sequence[str], *, limit: int
    ) -> list[dict[str, Any]]:
        arguments = {
            "domain": list(domain),
            "fields": list(fields),
            "order": "id asc",
            "limit": limit,
            "load": None,  # bare ids of many2one fields: no look-up of names
        }
        return list(self._call(model, "search_read", arguments))

    def _call(self, model: str, method: str, arguments: Mapping[str, Any]) -> Any:
        request = {**arguments, "context": self._context}
        try:
            return with_retries(lambda: self._caller.call(model, method, request), footprint=self._caller.footprint)
        except (SourceUnavailable, SourceAccessDenied, SourceShapeError) as error:
            error.client_id = self._client_id
            if not error.message.startswith(model):
                error.message = f"{model}: {error.message}"
            raise

    def _fields_of(self, model: str) -> Mapping[str, Any] | None:
        """Ask what fields a model has (None: no such model). Few attributes: all of them cost the server much more."""
        if model not in self._fields:
            if self._models is None:
                self._models = {record["model"] for page in self._pages("ir.model", [], ["model"]) for record in page}
            try:
                attributes = {"attributes": ["type", "store"]}
                self._fields[model] = self._call(model, "fields_get", attributes) if model in self._models else None
            except SourceShapeError:
                # Left in ir.model by a module that is gone: there is nothing behind the name.
                self._fields[model] = None
        return self._fields[model]

    def _look_up(self, entry: Entry) -> Shape:
        model = entry.via.model if entry.via else entry.model
        fields = self._fields_of(model) if entry.exists_in(self.version) else None
        if fields is None:
            return absent_shape(entry, version=self.version, client_id=self._client_id)
        if entry.via is not None:
            name = entry.via.field_in(self.version)
            if name not in fields:
                raise SourceShapeError(f"{model} has no field {name}.", client_id=self._client_id)
            return Shape(is_present=True, columns=(), missing={}, shape_hash=_hash([entry.table, name]))
        present, missing = [], {}
        for column in entry.columns_for(self.version):
            found = fields.get(column.source)
            if column.field.company_dependent:
                missing[column.name] = "RPC shows one company's value only"
            elif found is None or found.get("store") is False:
                missing[column.name] = f"no stored field {column.source} in {model}, or the bot may not read it"
            elif found["type"] not in _ALLOWED[column.field.type.value]:
                raise SourceShapeError(
                    f"{model}.{column.source} is {found['type']}, the catalogue reads it as {column.field.type.value}.",
                    client_id=self._client_id,
                )
            else:
                present.append(column)
        missing |= {name: reason for name, field in entry.all_fields.items() if (reason := field.absence(self.version))}
        described = [f"{column.name}:{fields[column.source]['type']}" for column in present]
        return Shape(
            is_present=True,
            columns=tuple(column.name for column in present),
            missing=missing,
            shape_hash=_hash([entry.model, *described]),
        )


def _line(record: Mapping[str, Any], encode: Sequence[Encoder]) -> str:
    values = "\t".join([str(record["id"]), *(encoder(record) for encoder in encode)])
    return f"{values}\t{content_version(values)}"


def _domains(scope: Scope, *, overlap: timedelta) -> list[list[Any]]:
    match scope:
        case Everything():
            return [[]]
        case Since(position=position):
            since = datetime.fromtimestamp(position["since"], UTC) - overlap
            # Naive UTC: versions up to 18 ignore a zone's suffix, 19 refuses it.
            return [[("write_date", ">=", since.strftime("%Y-%m-%d %H:%M:%S"))]]
        case InBuckets(buckets=buckets):
            return [[("id", ">=", low * BUCKET_SIZE), ("id", "<", (low + 1) * BUCKET_SIZE)] for low in buckets]


def _hash(parts: Sequence[str]) -> str:
    return hashlib.sha256("|".join(parts).encode()).hexdigest()[:16]
