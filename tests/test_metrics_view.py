"""The figures of a report, against a scripted load whose numbers are known."""

import random
from datetime import UTC, datetime
from typing import Any

import pytest

from cardmaker import charts
from cardmaker.metrics import Recorder, view
from cardmaker.metrics.series import MINUTE_S, Event, Series, Slice
from cardmaker.metrics.view import STRETCHES, Report, Source, report
from cardmaker.tasks import Queue
from tests import art
from tests.benches import Bench

NOW_S = 1_700_000_000.0
HOUR, SIX, DAY, WEEK, MONTH = STRETCHES


class Told(Series):
    """A series whose clock the test sets."""

    def now_s(self) -> float:
        return NOW_S


def load(minutes_ago: dict[int, dict[str, int]], durations: dict[str, list[float]] | None = None) -> Source:
    """Counts by how many minutes ago; all durations in the present minute."""
    clock = [NOW_S]
    recorder = Recorder(None, 3600.0, clock=lambda: clock[0])
    recorder.series = Told()
    for age, counts in sorted(minutes_ago.items(), reverse=True):
        clock[0] = NOW_S - age * MINUTE_S
        for counter, count in counts.items():
            recorder.add(counter, count)
        recorder.flush()
    clock[0] = NOW_S
    for operation, values in (durations or {}).items():
        for ms in values:
            recorder.took(operation, ms)
    recorder.event("breaker", "Redis does not answer")
    recorder.flush()
    return recorder.series


def test_counts_and_hit_rate_of_a_known_load_are_exact() -> None:
    source = load(
        {
            0: {"hit_memory": 70, "hit_redis": 20, "coalesced": 4, "miss": 6, "redis_error": 50},
            30: {"miss": 100},
            90: {"hit_memory": 1, "miss": 3},
        }
    )

    found = report(HOUR, source)

    assert found.hit_rate() == (94 / 200, 200)
    assert found.hit_rate(found.before) == (0.25, 4)
    assert found.whole.count("redis_error") == 50


def test_of_nothing_there_is_no_rate() -> None:
    found = report(HOUR, load({}))

    assert found.hit_rate() == (None, 0)
    assert found.quantile_ms("pdf_hit", 0.5) is None
    assert found.saved_s == 0


def test_quantiles_of_a_known_load_are_within_five_percent() -> None:
    chance = random.Random(1)
    values = sorted(chance.lognormvariate(3, 0.8) for _ in range(2000))

    found = report(HOUR, load({}, {"pdf_hit": values}))

    for share in (0.5, 0.95):
        assert found.quantile_ms("pdf_hit", share) == pytest.approx(values[int(share * 2000)], rel=0.05)


def test_what_hits_saved_is_what_misses_took() -> None:
    durations = {
        "pdf_compute": [400.0, 600.0],
        "pdf_hit": [1.0] * 10,
        "pdf_coalesced": [5.0] * 2,
        "thumbnail_compute": [20.0],
        "thumbnail_hit": [1.0] * 100,
        "tile_hit": [1.0],
    }

    found = report(HOUR, load({}, durations))

    assert found.per_minute("pdf_compute") == 2 / 60
    assert found.saved_s == pytest.approx(12 * 0.5 + 100 * 0.02), "what a tile takes is not known"


@pytest.mark.parametrize(("computed", "saved_s"), [({"pdf_compute": [400.0]}, 4.0), ({}, None)])
def test_what_hits_saved_while_nothing_was_computed_is_as_before_or_not_known(
    computed: dict[str, list[float]], saved_s: float | None
) -> None:
    now = load({}, {"pdf_hit": [1.0] * 10}).look(MINUTE_S, 1, 0).slices[-1]
    earlier = load({}, computed).look(MINUTE_S, 1, 0).slices if computed else ()

    found = Report(HOUR, NOW_S, (now,), now, earlier[0] if earlier else Slice(0), ())

    assert found.saved_s == saved_s


@pytest.mark.parametrize("kind", view.KINDS)
def test_each_kind_of_value_that_hits_save_is_one_that_the_workbench_keeps(kind: str, bench_with: Bench) -> None:
    bench, artwork = bench_with(), art.deck_of([art.solid(art.RED, (20, 28))])

    bench.document(art.request(artwork), artwork)
    bench.thumbnails(list(artwork.images.values()))
    bench.metrics.flush()

    assert bench.report(HOUR).whole.calls(f"{kind}_compute")


@pytest.mark.parametrize("stretch", STRETCHES, ids=lambda stretch: stretch.name)
def test_every_stretch_has_its_points_and_gaps_where_nothing_was_recorded(stretch: Any) -> None:
    found = report(stretch, load({0: {"miss": 1}, 3: {"miss": 2}}))

    assert len(found.points) == stretch.length_s // stretch.point_s
    assert [each.start_s for each in found.points] == sorted({each.start_s for each in found.points})
    assert found.points[-1].start_s <= NOW_S < found.points[-1].start_s + stretch.point_s
    assert found.whole.count("miss") == 3
    assert sum(bool(each.fields) for each in found.points) in (1, 2)
    figure = charts.served(found)
    computed = next(trace for trace in figure.data if trace.name == "computed")
    assert sum(value is None for value in computed.y) == len(found.points) - sum(bool(p.fields) for p in found.points)


def test_incidents_stand_as_marks_on_the_same_time_axis() -> None:
    found = report(HOUR, load({0: {"redis_error": 3}}))

    for figure in (
        charts.served(found),
        charts.latencies(found, [("pdf_hit", "hit")]),
        charts.task_times(found),
        charts.throughput(found),
        charts.troubles(found),
    ):
        assert [shape.x0.timestamp() for shape in figure.layout.shapes] == [NOW_S]
        first, last = figure.layout.xaxis.range
        assert (last - first).total_seconds() == HOUR.length_s


def test_tasks_are_drawn_by_whom_they_were_for_and_how_long_they_waited_and_ran() -> None:
    durations = {
        f"task_wait_{Queue.INTERACTIVE}_done": [1000.0, 3000.0],
        "task_run_interactive_done": [500.0, 500.0],
        f"task_run_{Queue.BULK}_done": [8000.0],
        "task_run_interactive_failed": [90.0],
    }
    found = report(HOUR, load({0: {"done": 2}}, durations))

    drawn = {
        (trace.name, trace.hovertemplate.split()[0]): [
            (value, number) for value, number in zip(trace.y, trace.customdata, strict=True) if number
        ]
        for trace in charts.task_times(found).data
    }

    assert drawn == {
        ("interactive, done", "waited"): [(2.0, 2)],
        ("interactive, done", "ran"): [(0.5, 2)],
        ("bulk, done", "ran"): [(8.0, 1)],
        ("interactive, failed", "ran"): [(0.09, 1)],
    }


def test_events_of_another_time_are_left_out() -> None:
    class Old(Told):
        def events(self, most: int) -> tuple[Event, ...]:
            return (Event(NOW_S - 10, "task", "new"), Event(NOW_S - 90 * MINUTE_S, "task", "old"))[:most]

    assert [event.text for event in report(HOUR, Old()).events] == ["new"]


def test_times_are_utc() -> None:
    found = Report(HOUR, NOW_S, (Slice(1_700_000_040, {"c:miss": 1.0}),), Slice(0), Slice(0), ())

    assert charts.served(found).data[1].x == (datetime(2023, 11, 14, 22, 14, tzinfo=UTC),)
