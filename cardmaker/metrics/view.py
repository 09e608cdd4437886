"""What a dashboard says of a stretch of time: figures, and the same of the stretch before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from cardmaker.metrics.histogram import quantile
from cardmaker.metrics.series import HOUR_S, MINUTE_S, Event, Slice, together

HITS, REST = ("hit_memory", "hit_redis", "coalesced"), ("miss",)


@dataclass(frozen=True, slots=True)
class Stretch:
    """`step_s` is that of the slices it is read in, `point_s` that of the points it is drawn with."""

    name: str
    length_s: int
    step_s: int
    point_s: int


STRETCHES = (
    Stretch("hour", HOUR_S, MINUTE_S, MINUTE_S),
    Stretch("6 hours", 6 * HOUR_S, MINUTE_S, 5 * MINUTE_S),
    Stretch("day", 24 * HOUR_S, MINUTE_S, 15 * MINUTE_S),
    Stretch("7 days", 7 * 24 * HOUR_S, HOUR_S, HOUR_S),
    Stretch("month", 30 * 24 * HOUR_S, HOUR_S, 6 * HOUR_S),
)


class Source(Protocol):
    """Redis or the series in memory. The one in Redis raises StoreError."""

    def now_s(self) -> float: ...
    def read(self, step_s: int, first_s: int, last_s: int) -> tuple[Slice, ...]: ...
    def events(self, most: int) -> tuple[Event, ...]: ...


@dataclass(frozen=True, slots=True)
class Report:
    """`points` are the slices of the stretch, oldest first; one in which nobody recorded anything is empty, so that
    it is drawn as a gap. `whole` is all of it, `before` all of the stretch before."""

    stretch: Stretch
    now_s: float
    points: tuple[Slice, ...]
    whole: Slice
    before: Slice
    events: tuple[Event, ...]

    def hit_rate(self, part: Slice | None = None) -> tuple[float | None, int]:
        """The share that was served without computing, and of how many. None of nothing. Errors are not in it."""
        return hit_rate(self.whole if part is None else part)

    def quantile_ms(self, operation: str, share: float, part: Slice | None = None) -> float | None:
        return quantile((self.whole if part is None else part).histogram(operation), share)

    def per_minute(self, counter: str) -> float:
        return self.whole.count(counter) / (self.stretch.length_s / MINUTE_S)

    @property
    def saved_s(self) -> float:
        """Seconds of computing that hits avoided: for each kind of value as often as one was there, what a miss took on
        average."""
        return sum(
            self.whole.calls(f"{kind}_{outcome}") * self.whole.mean_ms(f"{kind}_compute") / 1000
            for kind in ("pdf", "tile", "thumb")
            for outcome in ("hit", "coalesced")
        )


def hit_rate(part: Slice) -> tuple[float | None, int]:
    served = sum(part.count(name) for name in HITS)
    asked = served + sum(part.count(name) for name in REST)
    return (served / asked if asked else None), asked


def report(source: Source, stretch: Stretch, most_events: int = 200) -> Report:
    """Reads it all. Raises what the source raises."""
    now_s = source.now_s()
    step_s, point_s = stretch.step_s, stretch.point_s
    end_s = (int(now_s) // point_s + 1) * point_s
    start_s = end_s - stretch.length_s
    found = source.read(step_s, start_s - stretch.length_s, end_s - 1)
    by_point: dict[int, list[Slice]] = {}
    for each in found:
        by_point.setdefault(each.start_s // point_s * point_s, []).append(each)
    points = tuple(together(by_point.get(at, ()), at) for at in range(start_s, end_s, point_s))
    return Report(
        stretch,
        now_s,
        points,
        together((each for each in found if each.start_s >= start_s), start_s),
        together((each for each in found if each.start_s < start_s), start_s - stretch.length_s),
        tuple(event for event in source.events(most_events) if event.at_s >= start_s),
    )
