"""Slices of time and what happened in them, in this process.

A slice's fields are `c:<counter>` (how often), `s:<operation>` (milliseconds in all) and `h:<operation>:<bucket>` (how
many took about so long).
"""

from __future__ import annotations

import sys
import threading
import time
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

MINUTE_S, QUARTER_S, HOUR_S, SIX_HOURS_S = 60, 900, 3600, 6 * 3600
STEPS_S = (MINUTE_S, QUARTER_S, HOUR_S, SIX_HOURS_S)
# Of each step, in memory: what a report and the stretch before it need, and a little more.
KEPT = {MINUTE_S: 3 * 60, QUARTER_S: 50 * 4, HOUR_S: 15 * 24, SIX_HOURS_S: 62 * 4}
EVENTS_KEPT = 2000

Fields = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Event:
    """Something worth a line: `at_s` seconds since 1970, a short `kind`, a sentence without secrets and names."""

    at_s: float
    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class Slice:
    """A minute, a quarter, an hour or six that begin at `start_s`, seconds since 1970; one in which nobody recorded
    anything is not there at all."""

    start_s: int
    fields: dict[str, float] = field(default_factory=dict)
    _histograms: dict[str, dict[int, int]] = field(default_factory=dict, repr=False, compare=False)

    def count(self, counter: str) -> int:
        return round(self.fields.get(f"c:{counter}", 0))

    def sum_ms(self, operation: str) -> float:
        return self.fields.get(f"s:{operation}", 0.0)

    def histogram(self, operation: str) -> dict[int, int]:
        """How many took about so long, by bucket."""
        if not self._histograms and self.fields:
            for name, number in self.fields.items():
                if name.startswith("h:"):
                    whose, _, bucket = name[2:].rpartition(":")
                    self._histograms.setdefault(whose, {})[int(bucket)] = round(number)
        return self._histograms.get(operation, {})

    def calls(self, operation: str) -> int:
        """How many durations were recorded."""
        return sum(self.histogram(operation).values())

    def mean_ms(self, operation: str) -> float:
        calls = self.calls(operation)
        return self.sum_ms(operation) / calls if calls else 0.0

    def operations(self) -> set[str]:
        return {name[2:] for name in self.fields if name.startswith("s:")}


def together(slices: Iterable[Slice], start_s: int = 0) -> Slice:
    """All of them as one."""
    total: dict[str, float] = {}
    for each in slices:
        for name, value in each.fields.items():
            total[name] = total.get(name, 0) + value
    return Slice(start_s, total)


class Before(StrEnum):
    """What to read of the stretch before: nothing, its `sum` in the fewest slices, or all `points` of it."""

    NOTHING = "nothing"
    SUM = "sum"
    POINTS = "points"


@dataclass(frozen=True, slots=True)
class Look:
    """The slices of a while up to `now_s`, oldest first, and the newest events, newest first. `before` are slices of as
    long a while before."""

    now_s: float
    slices: tuple[Slice, ...]
    events: tuple[Event, ...]
    before: tuple[Slice, ...] = ()


def starts(now_s: float, step_s: int, steps: int) -> range:
    """When the last so many steps began; the last of them is not over."""
    last_s = int(now_s) // step_s * step_s
    return range(last_s - (steps - 1) * step_s, last_s + 1, step_s)


def starts_before(wanted: range, before: Before) -> tuple[tuple[int, int], ...]:
    """Of the slices of as long a while before, how long each is and when it began."""
    at, end_s = wanted.start - len(wanted) * wanted.step, wanted.start
    if before is Before.NOTHING:
        return ()
    if before is Before.POINTS:
        return tuple((wanted.step, start_s) for start_s in range(at, end_s, wanted.step))
    found = []
    while at < end_s:
        step_s = max(each for each in STEPS_S if at % each == 0 and at + each <= end_s)
        found.append((step_s, at))
        at += step_s
    return tuple(found)


class Series:
    """Slices of this process, the oldest given up. Safe to share between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[int, dict[int, dict[str, float]]] = {step_s: {} for step_s in STEPS_S}
        self._events: deque[Event] = deque(maxlen=EVENTS_KEPT)

    def take(self, minute_s: int, fields: Fields) -> None:
        """What was recorded in the minute that begins then."""
        with self._lock:
            for step_s, kept in self._kept.items():
                into = kept.setdefault(minute_s - minute_s % step_s, {})
                for name, value in fields.items():
                    into[sys.intern(name)] = into.get(name, 0) + value
                while len(kept) > KEPT[step_s]:
                    del kept[min(kept)]

    def note(self, event: Event) -> None:
        with self._lock:
            self._events.append(event)

    def now_s(self) -> float:
        return time.time()

    def read(self, step_s: int, first_s: int, last_s: int) -> tuple[Slice, ...]:
        """The slices of that step that begin in that time, oldest first."""
        with self._lock:
            kept = self._kept[step_s]
            return tuple(Slice(start, dict(kept[start])) for start in sorted(kept) if first_s <= start <= last_s)

    def events(self, most: int) -> tuple[Event, ...]:
        """The newest first."""
        with self._lock:
            return tuple(reversed(self._events))[:most]

    def look(self, step_s: int, steps: int, most_events: int, before: Before = Before.NOTHING) -> Look:
        """The last so many steps."""
        now_s = self.now_s()
        wanted = starts(now_s, step_s, steps)
        earlier = [each for step, at in starts_before(wanted, before) for each in self.read(step, at, at)]
        return Look(now_s, self.read(step_s, wanted[0], wanted[-1]), self.events(most_events), tuple(earlier))
