"""One request's view of the database: who asks, in which context, over which connection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import psycopg2

from demo.server.errors import AccessError, DatabaseError, UserError
from demo.server.fragments import Fragment
from demo.server.registry import Model, Registry
from demo.server.versions import Dialect

SUPERUSER_ID = 1


@dataclass(frozen=True)
class Environment:
    """User, context and connection; `hidden` and `revoked` are what a test took away beside the tables' own rules."""

    registry: Registry
    cursor: Any
    user_id: int
    context: Mapping[str, Any] = field(default_factory=dict)
    is_superuser: bool = False
    hidden: Mapping[str, Any] = field(default_factory=dict)
    revoked: frozenset[str] = frozenset()
    computed_are_empty: bool = False
    on_disk: Mapping[str, str] = field(default_factory=dict)
    remembered: dict[Any, Any] = field(default_factory=dict)

    @property
    def dialect(self) -> Dialect:
        return self.registry.dialect

    def model(self, name: str) -> Model:
        return self.registry.models[name]

    def sudo(self) -> Environment:
        return self if self.is_superuser else replace(self, is_superuser=True)

    def with_context(self, **changes: Any) -> Environment:
        return replace(self, context={**self.context, **changes})

    def rows(self, query: Fragment) -> list[tuple[Any, ...]]:
        """Run one statement; what PostgreSQL refuses is answered as a real server answers it."""
        try:
            self.cursor.execute(query.text, query.values)
            found: list[tuple[Any, ...]] = self.cursor.fetchall()
        except psycopg2.Error as error:
            kind = type(error)
            raise DatabaseError(f"{kind.__module__}.{kind.__qualname__}", str(error)) from error
        return found

    def recall(self, key: Any, make: Any) -> Any:
        """Compute something once per request."""
        if key not in self.remembered:
            self.remembered[key] = make()
        return self.remembered[key]

    @property
    def language(self) -> str:
        """The language of the context; 18 and later refuse one that is not installed."""
        wanted = self.context.get("lang")
        if not wanted:
            return "en_US"
        if self.dialect.refuses_unknown_languages and self.registry.has("res_lang", "code", "active"):
            codes = self.recall("languages", lambda: self.rows(Fragment("select code from res_lang where active")))
            if (wanted,) not in codes:
                raise UserError(f"Invalid language code: {wanted}")
        return str(wanted)

    @property
    def company_ids(self) -> list[int]:
        """The companies that the context asks for, as far as the user belongs to them; else all of his."""
        own: list[int] = self.recall("companies", self._own_companies)
        wanted = self.context.get("allowed_company_ids")
        if not wanted:
            return own
        if not self.is_superuser and not set(wanted) <= set(own):
            raise AccessError("Access to unauthorized or invalid companies.")
        return list(wanted)

    @property
    def company_id(self) -> int:
        """The company whose values company-dependent fields show."""
        if self.context.get("allowed_company_ids"):
            return self.company_ids[0]
        found = self.recall(
            "company", lambda: self.rows(Fragment("select company_id from res_users where id = %s", (self.user_id,)))
        )
        return int(found[0][0]) if found and found[0][0] else 1

    def _own_companies(self) -> list[int]:
        if not self.registry.has("res_company_users_rel", "cid", "user_id"):
            return [row[0] for row in self.rows(Fragment("select id from res_company order by id"))]
        query = "select cid from res_company_users_rel where user_id = %s order by cid"
        return [row[0] for row in self.rows(Fragment(query, (self.user_id,)))]
