"""Clients shared out over tasks: Airflow maps a task over 1,024 values at most, whatever the number of clients."""

from __future__ import annotations

import pytest
from driftline.night import MOST_MAPPED_TASKS, batches
from hypothesis import given
from hypothesis import strategies as st

AIRFLOW_MAPS = 1_024


def ids(count: int) -> list[str]:
    return [f"client_{number:05}" for number in range(count)]


@pytest.mark.parametrize(
    ("count", "task_count", "largest"),
    [(1, 1, 1), (5, 5, 1), (1_000, 1_000, 1), (1_001, 501, 2), (2_000, 1_000, 2), (2_001, 667, 3), (12_345, 950, 13)],
)
def test_clients_get_a_task_each_as_long_as_there_are_enough(count: int, task_count: int, largest: int) -> None:
    shared = batches(ids(count))
    assert len(shared) == task_count <= MOST_MAPPED_TASKS <= AIRFLOW_MAPS
    assert max(map(len, shared)) == largest
    assert [client_id for batch in shared for client_id in batch] == ids(count)


@given(count=st.integers(0, 6_000), most=st.integers(1, 1_024))
def test_every_client_is_in_one_task_in_order_and_no_task_is_empty(count: int, most: int) -> None:
    shared = batches(ids(count), most=most)
    assert [client_id for batch in shared for client_id in batch] == ids(count)
    assert len(shared) <= most
    assert all(shared)
