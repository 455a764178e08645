"""One process at a time for what uses the same folder."""

from __future__ import annotations

import fcntl
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def only_one(file: Path, *, what: str) -> Iterator[None]:
    """Hold a lock file; end the program where somebody else holds it. The system frees it when the holder ends."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            sys.exit(f"`{what}` is running in this clone ({file} is locked). Wait for it to end.")
        yield
