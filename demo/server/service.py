"""One served database: logins and calls, whatever the protocol. Not here: HTTP and the shapes of answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from typing import Any
from urllib.parse import unquote, urlsplit

from psycopg2.extensions import parse_dsn

from demo.server import methods
from demo.server.accounts import Accounts
from demo.server.environment import SUPERUSER_ID, Environment
from demo.server.errors import AccessDenied, BuiltinError, DatabaseError, MissingError
from demo.server.faults import ExpiredKey, Fault, NoRights, WrongPassword
from demo.server.pool import Pool
from demo.server.registry import Registry, build_registry
from demo.server.versions import Dialect


class Service:
    """What a database answers to a user; `faults` are those that hit the call at hand."""

    def __init__(
        self,
        database_url: str,
        *,
        dialect: Dialect,
        accounts: Accounts,
        database: str | None = None,
        server_version: str | None = None,
        hidden: Mapping[str, list[Any]] | None = None,
        computed_are_empty: bool = False,
        on_disk: Mapping[str, str] | None = None,
    ) -> None:
        self._pool = Pool(database_url)
        self._address = parse_dsn(database_url)
        self.dialect = dialect
        self.accounts = accounts
        self.database = database or unquote(urlsplit(database_url).path.lstrip("/"))
        self.server_version = server_version or dialect.serie
        self.hidden = dict(hidden or {})
        self._computed_are_empty = computed_are_empty
        self.on_disk = dict(on_disk or {})
        self.clock_offset_seconds = 0.0
        self.registry: Registry = self._read_registry()

    def _read_registry(self) -> Registry:
        with self._pool.reading() as cursor:
            return build_registry(cursor, self.dialect)

    def reload(self) -> None:
        """Look at the tables again, as a restarted Odoo would: for columns and tables that came or went."""
        self.registry = self._read_registry()

    def close(self) -> None:
        self._pool.close()

    def version(self) -> dict[str, Any]:
        return {
            "server_version": self.server_version,
            "server_version_info": self.dialect.version_info,
            "server_serie": self.dialect.serie,
            "protocol_version": 1,
        }

    def check_database(self, name: object) -> None:
        """Only one database is served; any other is answered as by the driver of a real server."""
        if name != self.database:
            host, port = self._address.get("host", "127.0.0.1"), self._address.get("port", "5432")
            raise DatabaseError(
                "psycopg2.OperationalError",
                f'connection to server at "{host}", port {port} failed: FATAL:  database "{name}" does not exist\n',
            )

    @contextmanager
    def _environment(
        self, user_id: int, context: Mapping[str, Any] | None, faults: list[Fault], model: str | None
    ) -> Iterator[Environment]:
        revoked = {model} if model and any(isinstance(fault, NoRights) for fault in faults) else set()
        with self._pool.reading() as cursor:
            yield Environment(
                self.registry,
                cursor,
                user_id,
                dict(context or {}),
                is_superuser=user_id == SUPERUSER_ID,
                hidden=self.hidden,
                revoked=frozenset(revoked),
                computed_are_empty=self._computed_are_empty,
                on_disk=self.on_disk,
            )

    def log_in(self, database: object, login: object, password: object, faults: list[Fault]) -> int | bool:
        """`common.login`: the user's id, or False; notes the login as a real server does."""
        self.check_database(database)
        if not isinstance(login, str) or not self._is_right(login, password, faults):
            return False
        user_id = self.user_id(login)
        if user_id is None:
            return False
        self.note_login(user_id)
        return user_id

    def _is_right(self, login: str, password: object, faults: list[Fault]) -> bool:
        refused: type = WrongPassword if self.accounts.passwords.get(login) == password else ExpiredKey
        if any(isinstance(fault, refused) for fault in faults):
            return False
        return self.accounts.has_password(login, password, keys_too=True)

    def user_id(self, login: str) -> int | None:
        """The id of an active user."""
        with self._pool.reading() as cursor:
            cursor.execute("select id from res_users where login = %s and active", (login,))
            found = cursor.fetchone()
        return int(found[0]) if found else None

    def note_login(self, user_id: int) -> None:
        """Add a row to `res_users_log`: from it comes what Odoo shows as the last login."""
        if not self.registry.has("res_users_log", "create_uid", "create_date"):
            return
        with self._pool.writing() as cursor:
            cursor.execute("lock table res_users_log in share row exclusive mode")
            cursor.execute(
                "insert into res_users_log (id, create_uid, write_uid, create_date, write_date)"
                " select coalesce(max(id), 0) + 1, %(user)s, %(user)s, now() at time zone 'UTC' + %(ahead)s,"
                " now() at time zone 'UTC' + %(ahead)s from res_users_log",
                {"user": user_id, "ahead": timedelta(seconds=self.clock_offset_seconds)},
            )
            cursor.execute("select pg_get_serial_sequence('res_users_log', 'id')")
            sequence = cursor.fetchone()[0]
            if sequence:
                cursor.execute("select setval(%s, (select max(id) from res_users_log))", (sequence,))

    def execute(
        self,
        credentials: tuple[object, object, object],
        model: str,
        method: str,
        arguments: list[Any],
        named: dict[str, Any],
        faults: list[Fault],
    ) -> Any:
        """`object.execute_kw`: the password, or an API key, comes with every call."""
        database, user_id, password = credentials
        self.check_database(database)
        if not user_id or not password:
            raise AccessDenied
        login = self._login_of(user_id)
        if not self._is_right(login, password, faults):
            raise AccessDenied
        return self.run(int(str(user_id)), model, method, arguments, named, faults)

    def _login_of(self, user_id: object) -> str:
        with self._pool.reading() as cursor:
            cursor.execute("select login from res_users where id = %s and active", (user_id,))
            found = cursor.fetchone()
        if not found:
            raise MissingError(
                f"Record does not exist or has been deleted.\n(Record: res.users({user_id},), User: {user_id})"
            )
        return str(found[0])

    def run(
        self,
        user_id: int,
        model: str,
        method: str,
        arguments: list[Any],
        named: dict[str, Any],
        faults: list[Fault],
    ) -> Any:
        """A call of somebody who has proved who he is."""
        named = dict(named)
        context = named.pop("context", None)
        if not isinstance(method, str) or not isinstance(model, str):
            raise BuiltinError("TypeError", "model and method must be names")
        with self._environment(user_id, context, faults, model) as environment:
            return methods.call(environment, model, method, list(arguments), named)

    @contextmanager
    def acting(self, user_id: int, context: Any, faults: list[Fault], model: str) -> Iterator[Environment]:
        """The environment of one call, for a protocol that binds arguments itself."""
        with self._environment(user_id, context, faults, model) as environment:
            yield environment
