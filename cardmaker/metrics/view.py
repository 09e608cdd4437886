"""What a dashboard says of a stretch of time: figures, and the same of the stretch before."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol

from cardmaker.errors import StoreError
from cardmaker.metrics.histogram import quantile
from cardmaker.metrics.series import (
    HOUR_S,
    MINUTE_S,
    QUARTER_S,
    SIX_HOURS_S,
    Before,
    Event,
    Look,
    Slice,
    together,
)

API = ("api_ok", "api_refused", "api_failed")
_MOST_EVENTS = 200
# Of values that the cache keeps.
KINDS = ("pdf", "tile", "thumbnail")
HITS, REST = ("hit_memory", "hit_redis", "coalesced"), ("miss",)


@dataclass(frozen=True, slots=True)
class Stretch:
    """`point_s` is the length of the slices that it is read in and drawn with."""

    name: str
    length_s: int
    point_s: int


# Few enough points that the longest comes in the time of the shortest.
STRETCHES = (
    Stretch("hour", HOUR_S, MINUTE_S),
    Stretch("6 hours", 6 * HOUR_S, QUARTER_S),
    Stretch("day", 24 * HOUR_S, QUARTER_S),
    Stretch("7 days", 7 * 24 * HOUR_S, HOUR_S),
    Stretch("month", 30 * 24 * HOUR_S, SIX_HOURS_S),
)


class Source(Protocol):
    """Redis or the series in memory. The one in Redis raises StoreError."""

    def look(self, step_s: int, steps: int, most_events: int, before: Before = Before.NOTHING) -> Look: ...


@dataclass(frozen=True, slots=True)
class Report:
    """`points` are the slices of the stretch, oldest first, `points_before` those of the stretch before, where asked
    for; one in which nobody recorded anything is empty, so that it is drawn as a gap. `whole` is all of it, `before`
    all of the stretch before. `away` says why what others recorded is missing."""

    stretch: Stretch
    now_s: float
    points: tuple[Slice, ...]
    whole: Slice
    before: Slice
    events: tuple[Event, ...]
    points_before: tuple[Slice, ...] = ()
    away: str = ""

    def hit_rate(self, part: Slice | None = None) -> tuple[float | None, int]:
        """The share that was served without computing, and of how many. None of nothing. Errors are not in it."""
        return hit_rate(self.whole if part is None else part)

    def quantile_ms(self, operation: str, share: float, part: Slice | None = None) -> float | None:
        return quantile((self.whole if part is None else part).histogram(operation), share)

    def per_minute(self, operation: str, part: Slice | None = None) -> float:
        """How often it was done."""
        return (self.whole if part is None else part).calls(operation) / (self.stretch.length_s / MINUTE_S)

    @property
    def saved_s(self) -> float | None:
        """Seconds of computing that hits avoided: for each kind of value as often as one was there, what a miss took on
        average, in the stretch before if there was none in this. None where that is not known of any that was there."""
        served = {
            kind: sum(self.whole.calls(f"{kind}_{outcome}") for outcome in ("hit", "coalesced")) for kind in KINDS
        }
        each_ms = {
            kind: next((part.mean_ms(name) for part in (self.whole, self.before) if part.calls(name)), None)
            for kind, name in ((kind, f"{kind}_compute") for kind in KINDS)
        }
        known = [served[kind] * ms / 1000 for kind, ms in each_ms.items() if served[kind] and ms is not None]
        return sum(known) if known or not any(served.values()) else None


def hit_rate(part: Slice) -> tuple[float | None, int]:
    served = sum(part.count(name) for name in HITS)
    asked = served + sum(part.count(name) for name in REST)
    return (served / asked if asked else None), asked


def recent(here: Source, shared: Source | None = None) -> Slice:
    """The last hour or a little less, in few reads. Raises StoreError."""
    return together((shared or here).look(QUARTER_S, 4, 0).slices)


def report(stretch: Stretch, here: Source, shared: Source | None = None, *, compare: bool = False) -> Report:
    """Reads it all from what all share, or `here` alone while that is away; `away` says why then. `compare` asks for
    each point of the stretch before, too."""
    if shared is None:
        return _read(stretch, here, compare=compare)
    try:
        return _read(stretch, shared, compare=compare)
    except StoreError as error:
        return replace(_read(stretch, here, compare=compare), away=str(error))


def _read(stretch: Stretch, source: Source, *, compare: bool) -> Report:
    point_s, count = stretch.point_s, stretch.length_s // stretch.point_s
    look = source.look(point_s, count, _MOST_EVENTS, Before.POINTS if compare else Before.SUM)
    start_s = (int(look.now_s) // point_s + 1 - count) * point_s

    def filled(from_s: int, slices: tuple[Slice, ...]) -> tuple[Slice, ...]:
        known = {each.start_s: each for each in slices}
        return tuple(known.get(at, Slice(at)) for at in range(from_s, from_s + stretch.length_s, point_s))

    return Report(
        stretch,
        look.now_s,
        filled(start_s, look.slices),
        together(look.slices, start_s),
        together(look.before, start_s - stretch.length_s),
        tuple(sorted((e for e in look.events if e.at_s >= start_s), key=lambda event: event.at_s, reverse=True)),
        filled(start_s - stretch.length_s, look.before) if compare else (),
    )
