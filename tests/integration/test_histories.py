"""Whatever happens to a client's Odoo between the nights, raw is the source in the end: directly, and over RPC."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from urllib.parse import urlsplit

import psycopg2
import pytest
from conftest import Warehouse, make_settings, run_autocommit, run_sql
from driftline import bookkeeping
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from remote_nights import Remote, nights_without_turn, with_clients

from demo.server import OdooServer

STEPS = ["insert", "update", "delete", "archive", "savepoint", "member in", "member out", "column", "silent"]
EVENTS = ["", "", "", "backup", "restored", "killed"]
_STEP = st.tuples(
    st.sampled_from(STEPS), st.integers(0, 10_000), st.sampled_from(["commit", "commit", "rollback", "late"])
)
# A quiet night tells of progress once a model; the few models here are eleven.
_NIGHT = st.tuples(st.sampled_from(EVENTS), st.lists(_STEP, max_size=10), st.integers(1, 11))
_HISTORY = st.lists(_NIGHT, min_size=2, max_size=3)
# An example is several nights: a few in every run, many in the heavy profile.
_EXAMPLES = max(2, settings().max_examples // 3)


class KilledError(Exception):
    """Stands for the end of the process."""


@dataclass
class Story:
    """One client's Odoo and warehouse, with a calendar that goes on by a day after every night, for both.

    What is late commits after the night that it began before: well within the overlap of two hours.
    """

    warehouse: Warehouse
    source_url: str
    is_direct: bool
    admin_url: str
    day: int = 1
    backup: str | None = None
    is_silent: bool = False
    late: list = field(default_factory=list)

    @contextmanager
    def served(self) -> Iterator[Remote]:
        name = urlsplit(self.source_url).path.lstrip("/")
        remote = Remote(self.warehouse, None, self.source_url, "right", direct=self.is_direct)  # type: ignore[arg-type]
        if self.is_direct:
            yield remote
            return
        with OdooServer(
            self.source_url, version="17.0", users={"admin": "right"}, database=name,
            clock_offset_seconds=86_400 * self.day,
        ) as server:  # fmt: skip
            yield replace(remote, server=server)

    def night(self, *, kind: str = "nightly", watch: Callable[[str, int], None] | None = None) -> None:
        try:
            with self.served() as remote:
                remote.night(self.day, kind=kind, believed=None, watch=watch)
        finally:
            for connection in self.late:
                connection.commit()
                connection.close()
            self.late.clear()
            self.day += 1

    def unlike(self) -> list[str]:
        remote = Remote(self.warehouse, None, self.source_url, "", direct=self.is_direct)  # type: ignore[arg-type]
        return remote.unlike_source()

    def make_backup(self) -> None:
        if self.backup:
            run_autocommit(self.admin_url, f'drop database "{self.backup}"')
        name = urlsplit(self.source_url).path.lstrip("/")
        self.backup = f"{name}_backup"
        run_autocommit(self.admin_url, f'create database "{self.backup}" template "{name}"')

    def put_back(self) -> None:
        """Put the older state in the database's place: same name, same uuid."""
        if self.backup:
            name = urlsplit(self.source_url).path.lstrip("/")
            run_autocommit(self.admin_url, f'drop database "{name}"')
            run_autocommit(self.admin_url, f'alter database "{self.backup}" rename to "{name}"')
            self.backup = None

    def do(self, kind: str, seed: int, fate: str) -> None:
        """Change rows in a transaction of its own, stamped as Odoo stamps; one that is late ends after the night."""
        self.is_silent |= kind == "silent"
        options = "-c lock_timeout=200ms -c session_replication_role=replica"
        connection = psycopg2.connect(self.source_url, options=options)
        try:
            with connection.cursor() as cursor:
                _change(cursor, kind, seed, stamp=f"now() at time zone 'UTC' + interval '{self.day} days'")
        except psycopg2.errors.LockNotAvailable:
            fate = "rollback"
        if fate == "late" and kind != "column":  # whoever alters a table keeps everybody else from reading it
            self.late.append(connection)
            return
        connection.rollback() if fate == "rollback" else connection.commit()
        connection.close()


def _change(cursor, kind: str, seed: int, *, stamp: str) -> None:
    cursor.execute("select array_agg(id order by id) from res_partner where id <> 1")
    ids = cursor.fetchone()[0]
    chosen = f"where id = {ids[seed % len(ids)]}"
    member = f"(select uid, gid from res_groups_users_rel where uid > 2 order by uid, gid offset {seed % 40} limit 1)"
    stranger = f"(select uid, gid from res_groups_users_rel where uid > 2 order by gid, uid offset {seed % 40} limit 1)"
    statements = {
        "insert": "insert into res_partner (id, name, active, create_date, write_date)"
        f" values (nextval('res_partner_id_seq'), 'new {seed}', true, {stamp}, {stamp})",
        "update": f"update res_partner set name = 'n {seed}', write_date = {stamp} {chosen}",
        "delete": f"delete from res_partner {chosen} and id not in (select partner_id from res_users)",
        "archive": f"update res_partner set active = not coalesce(active, true), write_date = {stamp} {chosen}",
        "savepoint": f"savepoint s; update res_partner set name = 'lost', write_date = {stamp} {chosen};"
        f" rollback to savepoint s; update res_partner set name = 'kept {seed}', write_date = {stamp} {chosen}",
        "member out": f"delete from res_groups_users_rel where (uid, gid) = {member}",
        "member in": f"insert into res_groups_users_rel (uid, gid) select s.uid, g.id from {stranger} s, res_groups g"
        " where not exists (select from res_groups_users_rel r where (r.uid, r.gid) = (s.uid, g.id)) limit 1",
        "column": "alter table res_partner add column if not exists is_company boolean default true",
        "silent": f"update res_partner set name = 'silent {seed}' {chosen}",
    }
    cursor.execute(statements[kind])


def killed_after(count: int) -> Callable[[str, int], None]:
    """Make a watch that ends the reading when it is told of progress for the n-th time."""
    calls = itertools.count(1)

    def watch(model: str, row_count: int) -> None:
        if next(calls) >= count:
            raise KilledError

    return watch


@pytest.fixture
def new_story(request, new_database, pg_server, tmp_path, monkeypatch, few_models_only):
    """Give a function that makes a fresh warehouse and a fresh Odoo for each example of a property."""
    templates = [request.getfixturevalue(name) for name in ("_warehouse_template", "_aegean_template")]
    story: list[Story] = []

    def clock(cursor):
        return real_clock(cursor) + timedelta(days=story[-1].day)

    real_clock = bookkeeping.clock
    monkeypatch.setattr(bookkeeping, "clock", clock)

    def make(*, is_direct: bool) -> Story:
        url, source = (new_database("example", template=template) for template in templates)
        limits = {"rpc_full_read_every_nights": nights_without_turn(days=30)}
        warehouse = with_clients(
            Warehouse(url=url, settings=make_settings(url)), tmp_path, {"aegean": {"limits": limits}}
        )
        run_sql(source, "alter table res_partner drop column is_company")
        story.append(Story(warehouse, source, is_direct, pg_server.url()))
        return story[-1]

    yield make
    for each in story:
        if each.backup:
            run_autocommit(pg_server.url(), f'drop database if exists "{each.backup}"')


@pytest.mark.parametrize("is_direct", [True, False], ids=["direct", "rpc"])
@settings(max_examples=_EXAMPLES, phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck))
@given(history=_HISTORY)
def test_any_history_ends_with_raw_equal_to_the_source(new_story, is_direct, history):
    story = new_story(is_direct=is_direct)
    story.night()
    for event, steps, moment in history:
        if event == "backup":
            story.make_backup()
        if event == "restored":
            story.put_back()
        for step in steps:
            story.do(*step)
        if event == "killed":
            before = landed(story)
            with pytest.raises(KilledError):
                story.night(watch=killed_after(moment))
            assert landed(story) == before
        else:
            story.night()
    story.night()
    # What write_date does not tell is found over RPC when every value is compared, and directly every night.
    if is_direct or not story.is_silent:
        assert story.unlike() == []
    story.night(kind="reconcile")
    assert story.unlike() == []
    verdicts = story.warehouse.rows("select distinct verdict from ops.reconciliation")
    assert {verdict for (verdict,) in verdicts} <= {"equal", "repaired"}


def landed(story: Story) -> dict[str, object]:
    return Remote(story.warehouse, None, story.source_url, "").landed()  # type: ignore[arg-type]
