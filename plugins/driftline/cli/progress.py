"""Progress on the terminal while clients are being read: one bar for all, one line for each that is being read."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from driftline.cli.app import errors
from driftline.watching import Watch

_SECONDS_BETWEEN_UPDATES = 0.2


class ReadingProgress:
    """Bars on stderr; nothing where nobody looks."""

    def __init__(self, client_count: int, *, is_quiet: bool) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        self._progress = Progress(*columns, console=errors, disable=is_quiet)
        self._all = self._progress.add_task("reading clients", total=client_count)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    @contextmanager
    def client(self, client_id: str) -> Iterator[Watch]:
        """Show a client for as long as it is being read."""
        task = self._progress.add_task(f"  {client_id}", total=None)
        model_now, model_began, shown = "", 0.0, 0.0

        def watch(model: str, row_count: int) -> None:
            nonlocal model_now, model_began, shown
            now = time.monotonic()
            if model != model_now:
                model_now, model_began = model, now
            if now - shown >= _SECONDS_BETWEEN_UPDATES:
                shown = now
                rate = row_count / max(now - model_began, 0.001)
                words = f"  {client_id}: {model}, {row_count:,} rows, {rate:,.0f}/s"
                self._progress.update(task, description=words, completed=row_count)

        try:
            yield watch
        finally:
            self._progress.remove_task(task)
            self._progress.advance(self._all)
