"""Workbenches that end with their test."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from cardmaker.settings import Settings
from cardmaker.workbench import Workbench

NEVER_S = 3600.0
Bench = Callable[..., Workbench]


@pytest.fixture
def bench_with() -> Iterator[Bench]:
    """Makes one with these settings, whose metrics are handed on only when the test says so."""
    made: list[Workbench] = []

    def make(**settings: Any) -> Workbench:
        made.append(Workbench(Settings(**{"metrics_flush_s": NEVER_S, **settings})))
        return made[-1]

    yield make
    for bench in made:
        bench.close()
