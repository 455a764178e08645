"""The evenings of a real Odoo, read and built once per worker."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from integration import real_evenings


@pytest.fixture(scope="session")
def lived_evenings(pg_server, _warehouse_template, tmp_path_factory) -> Iterator[real_evenings.Evenings]:
    yield from real_evenings.live(pg_server, _warehouse_template, tmp_path_factory.mktemp("evenings"))
