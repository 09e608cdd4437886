"""Running commands in turn and keeping what the operating system says about each.

Imports nothing heavy: a child's peak memory starts at what its parent had when it was started.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parent.parent
Progress = Callable[[str], object]


@dataclass(frozen=True, slots=True)
class Spread:
    """Median, minimum and maximum."""

    median: float
    least: float
    most: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        return cls(statistics.median(values), min(values), max(values))


@dataclass
class Runs:
    """What several runs of one command took: seconds of wall clock and of processors, MiB at its peak, and what it
    printed as JSON, if anything."""

    wall_s: list[float] = field(default_factory=list)
    cpu_s: list[float] = field(default_factory=list)
    peak_mib: list[float] = field(default_factory=list)
    printed: list[dict[str, float]] = field(default_factory=list)

    @property
    def wall(self) -> Spread:
        return Spread.of(self.wall_s)

    @property
    def cpu(self) -> Spread:
        return Spread.of(self.cpu_s)

    @property
    def peak(self) -> Spread:
        return Spread.of(self.peak_mib)

    def figure(self, name: str) -> Spread:
        """One of the figures that the command printed."""
        return Spread.of([each[name] for each in self.printed])

    def ratio(self, other: Runs) -> Spread:
        """Of the wall clocks, pair by pair: both were run in turn, so that a slow minute slows both."""
        return Spread.of([a / b for a, b in zip(self.wall_s, other.wall_s, strict=True)])

    def ratio_of(self, name: str, other: Runs) -> Spread:
        """Of a figure that both printed, pair by pair."""
        return Spread.of([mine[name] / theirs[name] for mine, theirs in zip(self.printed, other.printed, strict=True)])

    def figure_to(self, name: str, other: Runs) -> Spread:
        """Of a printed figure to the other's wall clock, pair by pair."""
        return Spread.of([each[name] / wall for each, wall in zip(self.printed, other.wall_s, strict=True)])


Command = Sequence[str]


def job(name: str, *arguments: str) -> Command:
    return [sys.executable, "-m", "benchmarks.jobs", name, *arguments]


def in_turn(commands: Mapping[str, Command], times: int, say: Progress) -> dict[str, Runs]:
    """Every command once uncounted, to warm the caches of files; then all of them, that many times, in turn."""
    runs = {name: Runs() for name in commands}
    for number in range(times + 1):
        for name, command in commands.items():
            say(f"{name} {number}/{times}")
            _run(command, runs[name] if number else Runs())
    return runs


def _run(command: Command, runs: Runs) -> None:
    start = time.perf_counter()
    child = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE)
    assert child.stdout
    printed = child.stdout.read()
    _, status, usage = os.wait4(child.pid, 0)
    runs.wall_s.append(time.perf_counter() - start)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        raise SystemExit(f"benchmark: {' '.join(command)} ended with {child.returncode}")
    runs.cpu_s.append(usage.ru_utime + usage.ru_stime)
    # Linux counts KiB, macOS bytes.
    runs.peak_mib.append(usage.ru_maxrss / (1 << 20 if sys.platform == "darwin" else 1 << 10))
    if printed.startswith(b"{"):
        runs.printed.append(json.loads(printed))
