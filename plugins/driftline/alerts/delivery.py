"""Hand a message to the configured routes through Apprise. A route's address holds tokens: it is never named."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from urllib.parse import urlsplit

_ATTEMPTS, _PAUSE_SECONDS = 2, 1.0

# At debug level Apprise and the HTTP library below it write the addresses they call.
_TALKATIVE = ("apprise", "urllib3", "requests")


def deliver(urls: Sequence[str], *, title: str, body: str, name: str = "route") -> dict[int, str]:
    """Send to every address, twice where need be; say which did not take the message: its place, from 1, and why."""
    from apprise import Apprise, AppriseAsset, NotifyFormat

    asset = AppriseAsset(app_id="Driftline", app_desc="Driftline", app_url="")
    failures: dict[int, str] = {}
    with _silenced():
        for place, url in enumerate(urls, start=1):
            route = Apprise(asset=asset)
            address = f"{name} {place} of {len(urls)} ({urlsplit(url).scheme or 'no scheme'})"
            if not route.add(url):
                failures[place] = f"{address} is not an address that Apprise knows"
                continue
            for attempt in range(_ATTEMPTS):
                if attempt:
                    time.sleep(_PAUSE_SECONDS)
                if route.notify(title=title, body=body, body_format=NotifyFormat.TEXT):
                    break
            else:
                failures[place] = f"{address} refused the message or could not be reached"
    return failures


@contextmanager
def _silenced() -> Iterator[None]:
    loggers = [logging.getLogger(name) for name in _TALKATIVE]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
