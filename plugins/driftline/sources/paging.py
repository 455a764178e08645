"""Asking Odoo's models over the network: one context for all calls, retries, and pages by ascending id.

What of a model is asked for is decided in `remote`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from driftline.errors import SourceError, SourceShapeError, SourceUnavailable
from driftline.sources.calls import Caller, PageTooLarge, with_retries

_QUICK_SECONDS = 0.7
_SMALLEST_PAGE = 10

Record = dict[str, Any]


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


class Asker:
    """Calls a client's models; errors leave with the client's and the model's name."""

    def __init__(self, client_id: str, caller: Caller, *, page_rows: int, largest_page_rows: int) -> None:
        self.caller = caller
        self.context: dict[str, Any] = {"active_test": False, "lang": "en_US", "bin_size": True}
        self._client_id = client_id
        self._page_rows = page_rows
        self._largest_page_rows = max(page_rows, largest_page_rows)
        self._page_sizes: dict[str, PageSize] = {}

    def call(self, model: str, method: str, arguments: Mapping[str, Any], *, is_page: bool = False) -> Any:
        """Call a method; with `is_page`, a server that gives up is not asked the same again."""
        request = {**arguments, "context": self.context}
        try:
            return with_retries(
                lambda: self.caller.call(model, method, request), footprint=self.caller.footprint, is_page=is_page
            )
        except SourceError as error:
            error.client_id = self._client_id
            if not error.message.startswith(model):
                error.message = f"{model}: {error.message}"
            raise

    def search_read(
        self, model: str, domain: Sequence[Any], fields: Sequence[str], *, limit: int | None = None
    ) -> list[Record]:
        """Read some records at once, by ascending id."""
        return self._search_read(model, domain, fields, limit=limit, is_page=False)

    def pages(self, model: str, domain: Sequence[Any], fields: Sequence[str]) -> Iterator[list[Record]]:
        """Read by id, ascending, until a page is empty: a short page may be rights at work, not the end.

        The next page is asked for while this one is put to use.
        """
        with ThreadPoolExecutor(max_workers=1) as ahead:
            coming = ahead.submit(self._page, model, domain, fields, 0)
            while page := coming.result():
                coming = ahead.submit(self._page, model, domain, fields, page[-1]["id"])
                yield page

    def _page(self, model: str, domain: Sequence[Any], fields: Sequence[str], last_id: int) -> list[Record]:
        size = self._page_sizes.setdefault(model, PageSize(self._page_rows, self._largest_page_rows))
        keyset = [("id", ">", last_id), *domain]
        while True:
            started = time.monotonic()
            can_shrink = size.rows > _SMALLEST_PAGE
            try:
                page = self._search_read(model, keyset, fields, limit=size.rows, is_page=can_shrink)
            except PageTooLarge:
                if not can_shrink or not size.shrink():
                    raise
                self.caller.footprint.add(retries=1)
                continue
            size.settle(time.monotonic() - started)
            ids = [record["id"] for record in page]
            if ids and (ids[0] <= last_id or any(later <= earlier for earlier, later in pairwise(ids))):
                raise SourceShapeError(f"{model}: the server does not page by id.", client_id=self._client_id)
            return page

    def _search_read(
        self, model: str, domain: Sequence[Any], fields: Sequence[str], *, limit: int | None, is_page: bool
    ) -> list[Record]:
        arguments = {
            "domain": list(domain),
            "fields": list(fields),
            "order": "id asc",
            "limit": limit,
            "load": None,  # bare ids of many2one fields: no look-up of names
        }
        found = self.call(model, "search_read", arguments, is_page=is_page)
        if not isinstance(found, list):
            raise SourceUnavailable(f"{model}: the answer is no list of records.", client_id=self._client_id)
        if found and (lacking := sorted({"id", *fields} - set(found[0]))):
            raise SourceShapeError(f"{model}: the answer lacks {', '.join(lacking)}.", client_id=self._client_id)
        return found
