"""Reading over the network: id keyset pages, explicit stored fields, and an answer that is checked before it counts.

The same for odoorpc and JSON-2; they differ in their `Caller`. What RPC hides from an account is judged in `seen`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, BinaryIO

from driftline.addresses import is_loopback, parse_http
from driftline.catalogue import Catalogue, Entry, OdooVersion
from driftline.errors import ConfigError, DriftlineError
from driftline.registry import Client
from driftline.sources.base import (
    BUCKET_SIZE,
    Cursor,
    Digest,
    Everything,
    InBuckets,
    Scope,
    Shape,
    Since,
    Visibility,
    WithIds,
)
from driftline.sources.calls import Budget, Caller, ModelForbidden
from driftline.sources.decoding import client_salt
from driftline.sources.detect import detect
from driftline.sources.encoding import Encoder, companions, content_version, encoders, escape
from driftline.sources.json2 import Json2Caller
from driftline.sources.paging import Asker
from driftline.sources.remote_shapes import RemoteShapes, digest_of
from driftline.sources.rpc import RpcCaller
from driftline.sources.seen import RecordRules, judge
from driftline.watching import Deadline

_SECONDS_PER_DAY = 86_400
_LONGEST_CLOCK_DIFFERENCE = timedelta(days=1)
_IDS_PER_CALL = 500


@contextmanager
def open_remote_reading(
    client: Client, *, url: str, catalogue: Catalogue, salt: str, now: datetime, deadline: Deadline | None = None
) -> Iterator[RemoteReading]:
    """Find out what answers, log in, look at every model; end the session at the end.

    `now` is the warehouse's clock: it is compared with the server's. After `deadline` no question is asked any more.
    """
    address = parse_http(url, client_id=client.client_id)
    if not (address.is_tls or is_loopback(address.host) or client.allows_plain_text):
        raise ConfigError(
            "its connection is plain http: login and data would travel in clear.",
            client_id=client.client_id,
            hint="Use https, or say allows_plain_text: true in clients.yml.",
        )
    limits = client.limits
    budget = Budget(limits.rpc_calls_per_second, limits.rpc_concurrent_calls, deadline=deadline)
    found = detect(client, address, budget=budget)
    common: dict[str, Any] = {
        "database": address.database,
        "version": found.version,
        "timeout_seconds": limits.rpc_timeout_seconds,
        "budget": budget,
        "footprint": found.footprint,
    }
    caller: Caller
    try:
        if found.transport == "json2":
            caller = Json2Caller(address.base_url, key=address.secret, **common)
        else:
            caller = RpcCaller(
                host=address.host, port=address.port, is_tls=address.is_tls, login=address.login,
                password=address.secret, **common,
            )  # fmt: skip
        try:
            reading = RemoteReading(client, caller, salt=salt, now=now, build=found.build)
            reading.look_at(catalogue)
            yield reading
        finally:
            caller.close()
    except DriftlineError as error:
        error.client_id = error.client_id or client.client_id
        raise


class RemoteReading:
    """See `sources.base.Reading`. Not one snapshot: what moves while it is read is read again the next night."""

    def __init__(self, client: Client, caller: Caller, *, salt: str, now: datetime, build: str | None = None) -> None:
        self.transport = caller.transport
        self.version: OdooVersion = caller.version
        self.build = build
        self.footprint = caller.footprint
        self._client = client
        self._client_id = client.client_id
        self._limits = client.limits
        self._caller = caller
        self._salt = client_salt(salt, client.client_id)
        self._ask = Asker(
            client.client_id,
            caller,
            page_rows=client.limits.rpc_page_rows,
            largest_page_rows=client.limits.rpc_largest_page_rows,
        )
        self._shapes = RemoteShapes(self._ask, version=self.version, client_id=client.client_id)
        # Before the first question about rows: what is written from now on must lie within the next reading's window.
        self.reader_user_id = caller.user_id or self._own_id()
        self._companies = self._find_companies()
        self._set_clock(now)

    @property
    def position(self) -> dict[str, int]:
        # The server's own clock as this reading began, and how far it was from ours.
        return {"since": self._since, "skew_seconds": self._skew_seconds}

    @cached_property
    def identity(self) -> dict[str, str]:
        try:
            found = self._ask.search_read("ir.config_parameter", [("key", "=", "database.uuid")], ["value"], limit=1)
        except ModelForbidden:
            found = []  # without the right to settings, a database cannot be told from its copy
        return {"database_uuid": found[0]["value"] if found else ""}

    def look_at(self, catalogue: Catalogue) -> None:
        """Look up the shapes of all models, as many at a time as the budget allows; `shape` tells what was wrong."""
        self._shapes.look_at(catalogue, concurrent_calls=self._limits.rpc_concurrent_calls)

    def shape(self, entry: Entry) -> Shape:
        return self._shapes.shape(entry)

    def columns(self, entry: Entry) -> list[str]:
        return [*entry.key, *self.shape(entry).columns, "_row_version"]

    def write_rows(self, entry: Entry, scope: Scope, sink: BinaryIO, *, lead: Sequence[str] = ()) -> int:
        prefix = "".join(f"{escape(constant)}\t" for constant in lead)
        count = 0
        for lines in self._lines(entry, scope):
            sink.write("".join(f"{prefix}{line}\n" for line in lines).encode())
            count += len(lines)
        return count

    def write_keys(self, entry: Entry, sink: BinaryIO) -> int:
        count = 0
        for page in self._ask.pages(entry.model, [], ["id"]):
            sink.write("".join(f"{record['id']}\n" for record in page).encode())
            count += len(page)
        return count

    def has_no_rows(self, entry: Entry) -> bool:  # noqa: ARG002  the protocol's
        return False

    def digests(self, entries: Sequence[Entry]) -> dict[str, dict[int, Digest]]:  # noqa: ARG002  the protocol's
        # RPC shows no row versions: completeness is counts and key sets, and a weekly comparison of values.
        return {}

    def value_digests(self, entry: Entry) -> dict[int, Digest] | None:  # noqa: ARG002  the protocol's
        return None

    def full_reason(self, entry: Entry, cursor: Cursor) -> str | None:
        if entry.rpc_mode == "full":
            return "its write_date does not tell of changes"
        nights = self._limits.rpc_full_read_every_nights
        # Each model has its turn on another night; one whose turn was missed is not put off any longer.
        is_turn = (int(digest_of([entry.model]), 16) + self._since // _SECONDS_PER_DAY) % nights == 0
        days_since = (self._since - cursor.full_read_at.timestamp()) / _SECONDS_PER_DAY
        if is_turn or days_since >= nights - 0.5:
            return f"every model is read in full at least every {nights} nights"
        return None

    def cursor_problem(self, entry: Entry, cursor: Cursor) -> str | None:
        if problem := cursor.mismatch(entry, identity=self.identity, shape=self.shape(entry)):
            return problem
        if "since" not in cursor.position:
            return "the last reading was a direct one"
        moved_by = abs(cursor.position.get("skew_seconds", 0) - self._skew_seconds)
        if cursor.position["since"] > self._since or moved_by > self._limits.rpc_overlap_minutes * 60 / 2:
            return "the server's clock was set"
        return None

    def stamps(self, entry: Entry, ids: Sequence[int]) -> dict[int, datetime]:
        found = self._ask.search_read(entry.model, [("id", "in", list(ids))], ["write_date"])
        return {record["id"]: _utc(record["write_date"]) for record in found if record["write_date"]}

    def visibility(self, entry: Entry) -> Visibility:
        if not self.shape(entry).is_present:
            return Visibility("none", f"the account may not read {entry.model}")
        model = entry.via.model if entry.via else entry.model
        return judge(
            entry,
            rules=self._rules,
            visible_count=self._shapes.row_count(model),
            seen_companies=len(self._companies),
            company_count=self._client.company_count,
        )

    @cached_property
    def _rules(self) -> RecordRules:
        return RecordRules.read(self._ask, version=self.version, user_id=self.reader_user_id)

    def _own_id(self) -> int | None:
        context = self._ask.call("res.users", "context_get", {})
        return int(context["uid"]) if isinstance(context, Mapping) and context.get("uid") else None

    def _find_companies(self) -> list[int]:
        """Ask for rows of all the companies that the account may enter, not only of its current one."""
        try:
            companies = list(self._ask.call("res.company", "search", {"domain": []}))
        except ModelForbidden:
            return []  # told with the other models that are out of sight
        self._ask.context["allowed_company_ids"] = companies
        return companies

    def _set_clock(self, now: datetime) -> None:
        """Fix where the next reading goes on: the earliest of the clocks that may have stamped a row."""
        moment = self._caller.server_time() or now
        stamped = self._database_time()
        if stamped is not None and moment - _LONGEST_CLOCK_DIFFERENCE < stamped < moment:
            moment = stamped
        self._since = int(moment.timestamp())
        self._skew_seconds = int((moment - now).total_seconds())

    def _database_time(self) -> datetime | None:
        """Read the database's own clock off the row that this very login left in the log of logins."""
        if self._caller.user_id is None:
            return None
        try:
            rows = self._ask.call(
                "res.users.log", "search_read",
                {"domain": [("create_uid", "=", self._caller.user_id)], "fields": ["create_date"], "limit": 1,
                 "order": "id desc"},
            )  # fmt: skip
        except ModelForbidden:
            return None
        return _utc(rows[0]["create_date"]) if rows else None

    def _lines(self, entry: Entry, scope: Scope) -> Iterator[list[str]]:
        if entry.via is not None:
            yield from self._pairs(entry)
            return
        present = {column.name: column for column in entry.columns_for(self.version)}
        columns = [present[name] for name in self.shape(entry).columns]
        encode = encoders(columns, salt=self._salt, selection_fields=lambda: self._selection_fields)
        fields = list(dict.fromkeys(["id", *(column.source for column in columns), *companions(columns)]))
        for domain in _domains(scope, overlap=timedelta(minutes=self._limits.rpc_overlap_minutes)):
            for page in self._ask.pages(entry.model, domain, fields):
                yield [_line(record, encode) for record in page]

    @cached_property
    def _selection_fields(self) -> frozenset[int]:
        pages = self._ask.pages("ir.model.fields", [("ttype", "=", "selection")], ["id"])
        return frozenset(record["id"] for page in pages for record in page)

    def _pairs(self, entry: Entry) -> Iterator[list[str]]:
        assert entry.via is not None
        field = entry.via.field_in(self.version)
        owner_first = entry.key[0] == entry.via.owner
        for page in self._ask.pages(entry.via.model, [], ["id", field]):
            pairs = [(record["id"], other) for record in page for other in record[field]]
            yield [f"{left}\t{right}\t0" if owner_first else f"{right}\t{left}\t0" for left, right in pairs]


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
        case WithIds(ids=ids):
            return [[("id", "in", list(ids[at : at + _IDS_PER_CALL]))] for at in range(0, len(ids), _IDS_PER_CALL)]


def _utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)
