from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import faults
from tests.benches import bench_with as bench_with
from tests.proxy import Proxy
from tests.redis_server import RedisServer


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    with RedisServer(tmp_path) as server:
        yield server


@pytest.fixture
def proxy(redis_server: RedisServer) -> Iterator[Proxy]:
    with Proxy(redis_server.port) as proxy:
        yield proxy


@pytest.fixture
def saw(request: pytest.FixtureRequest) -> faults.Saw:
    """Notes what a test marked as a fault's saw."""
    mark = request.node.get_closest_marker("fault")
    assert mark is not None
    return lambda seen: faults.note(mark, seen)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that drive a browser first, then those with slow tests: two workers that share the files end together."""
    ranks: dict[Path, int] = {}
    for item in items:
        rank = 0 if item.get_closest_marker("browser") else 1 if item.get_closest_marker("slow") else 2
        ranks[item.path] = min(rank, ranks.get(item.path, rank))
    items.sort(key=lambda item: ranks[item.path])
