"""What the fault tests saw, as a document: each row stands there word for word, or the test that saw it fails.

A test marked `@pytest.mark.fault(number, fault, injected)` takes the fixture `saw` and calls it with what it saw, said
in words that its assertions or observed values give. With CARDMAKER_WRITE_FAULTS set the row is written instead of
compared.
"""

import os
from collections.abc import Callable, Iterable
from pathlib import Path

import pytest

DOCUMENT = Path(__file__).parent.parent / "docs" / "faults.md"
WRITE = "CARDMAKER_WRITE_FAULTS"

_HEAD = f"""\
# What happens when Redis fails

Each row is a test marked `fault`, run on a real redis-server and real Celery workers, through a TCP proxy where the
fault is the network's. The right column is what the test saw; the tests compare it with what they see, so it cannot be
out of date. After a change that is meant:

    {WRITE}=1 python -m pytest -m fault

| # | fault | injected how | seen |
|---|---|---|---|
"""

Saw = Callable[[str], None]
Row = tuple[int, str, str, str]


def row_of(mark: pytest.Mark, seen: str) -> Row:
    number, fault, injected = mark.args
    return int(number), str(fault), str(injected), seen


def read() -> list[Row]:
    if not DOCUMENT.exists():
        return []
    lines = DOCUMENT.read_text("utf-8").splitlines()
    cells = [line.strip("| ").split(" | ") for line in lines if line.startswith("| ") and line[2].isdigit()]
    return [(int(number), fault, injected, seen) for number, fault, injected, seen in cells]


def write(rows: Iterable[Row]) -> None:
    lines = (f"| {number} | {fault} | {injected} | {seen} |\n" for number, fault, injected, seen in sorted(rows))
    DOCUMENT.write_text(_HEAD + "".join(lines), "utf-8")


def note(mark: pytest.Mark, seen: str) -> None:
    row = row_of(mark, seen)
    if os.environ.get(WRITE):
        write([*(each for each in read() if each[:2] != row[:2]), row])
    assert row in read(), f"{DOCUMENT.name} does not say so; if this is meant, run the tests with {WRITE}=1"
