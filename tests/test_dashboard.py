"""The dashboard without a browser: its figures against a load of known numbers, its states, the operator's part."""

import csv
import io
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from cardmaker import charts
from cardmaker.cache import cached
from cardmaker.cache.blob import Blob
from cardmaker.metrics.series import Look, Slice
from cardmaker.metrics.view import STRETCHES, Report, report
from cardmaker.project import Project, ProjectCard
from cardmaker.source import BytesSource
from cardmaker.tasks import State
from cardmaker.workbench import Workbench
from pages import _board, _operator, _ui
from tests import art, metrics_load
from tests.benches import Bench
from tests.redis_server import RedisServer
from tests.test_metrics import store_on
from tests.test_pages import ROOT, buttons, press
from tests.tools import until

TOKEN = "the-operators-own-token"
HOUR = STRETCHES[0]


@pytest.fixture
def show(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Opens the dashboard of a workbench, as its operator or as somebody else."""

    def opened(bench: Workbench, *, operator: bool = False) -> AppTest:
        monkeypatch.setattr(_ui, "workbench", lambda: bench)
        if operator:
            monkeypatch.setattr(_operator, "is_let_in", lambda: True)
        page = AppTest.from_file(ROOT / "pages" / "_main.py", default_timeout=30).run()
        page = page.switch_page("dashboard.py").run()
        assert not page.exception
        return page

    return opened


def figures(page: AppTest) -> dict[str, str]:
    return {each.label.partition(",")[0] if "n =" in each.label else each.label: each.value for each in page.metric}


def seconds(text: str) -> float:
    number, unit = text.split()
    return float(number) / (1000 if unit == "ms" else 1)


def incidents(bench: Workbench) -> list[str]:
    bench.metrics.flush()
    return [event.text for event in bench.metrics.series.events(50) if event.kind == "operator"]


# -- figures --


def test_of_nothing_there_is_no_rate_and_no_time(bench_with: Bench, show: Any) -> None:
    page = show(bench_with())

    found = figures(page)
    assert [found[name] for name in ("Hit rate", "Hit, median", "Computed, 95 %", "Redis")] == ["–"] * 4
    assert any("Nothing happened" in each.value for each in page.info)
    assert not any("subheader" in each.value for each in page.error)


@pytest.mark.slow
def test_the_figures_of_a_known_load_are_right(bench_with: Bench, show: Any, redis_server: RedisServer) -> None:
    load = metrics_load.put(store_on(redis_server))

    page = show(bench_with(redis_url=redis_server.url))

    found = figures(page)
    assert page.metric[0].label == f"Hit rate, n = {load.asked:,}"
    assert found["Hit rate"] == f"{100 * load.hit_rate:.1f} %"
    assert found["Made a minute"] == f"{len(load.durations['pdf_compute']) / 60:.2f}"
    for label, operation, share in (
        ("Hit, median", "pdf_hit", 0.5),
        ("Hit, 95 %", "pdf_hit", 0.95),
        ("Computed, median", "pdf_miss", 0.5),
        ("Computed, 95 %", "pdf_miss", 0.95),
    ):
        assert seconds(found[label]) * 1000 == pytest.approx(load.quantile(operation, share), rel=0.05), label


def test_what_is_read_back_of_a_known_load_is_exact(redis_server: RedisServer) -> None:
    store = store_on(redis_server)
    load = metrics_load.put(store)

    found = report(HOUR, store, store)

    assert {name: found.whole.count(name) for name in load.counts} == dict(load.counts)
    assert {name: found.before.count(name) for name in load.before} == dict(load.before)
    for operation, values in load.durations.items():
        assert found.whole.calls(operation) == len(values)
        assert found.whole.sum_ms(operation) == pytest.approx(sum(values))
    assert {event.kind for event in found.events} == {"breaker", "evicted", "lost", "done"}
    compared = report(HOUR, store, store, compare=True)
    assert compared.before.fields == pytest.approx(found.before.fields)
    assert (len(compared.points_before), len(found.points_before)) == (60, 0)


def test_hits_misses_coalesced_and_errors_of_real_reads_are_exact(bench_with: Bench, redis_server: RedisServer) -> None:
    bench = bench_with(redis_url=redis_server.url)
    begun, goes_on = threading.Event(), threading.Event()

    @cached(bench.cache, "pdf", key=lambda number: f"{number:064}")
    def slow(number: int) -> Blob:
        if number == 99:
            begun.set()
            assert goes_on.wait(30)
        if number == 13:
            raise ValueError("no such deck")
        return Blob((bytes(1000),))

    for number in (1, 2, 3, 1, 2, 1):  # three misses, three hits from memory
        slow(number)
    bench.cache.memory.clear()
    slow(3)  # from Redis
    with pytest.raises(ValueError, match="no such deck"):
        slow(13)  # asked for and computed, but no value
    with ThreadPoolExecutor(5) as pool:
        first = pool.submit(slow, 99)
        assert begun.wait(30)
        others = [pool.submit(slow, 99) for _ in range(4)]
        until(lambda: all(each.running() for each in others), 30)
        threading.Timer(0.3, goes_on.set).start()
        for each in (first, *others):
            each.result()
    found = bench.report(HOUR)

    counts = {name: found.whole.count(name) for name in ("hit_memory", "hit_redis", "coalesced", "miss")}
    assert counts == {"hit_memory": 3, "hit_redis": 1, "coalesced": 4, "miss": 5}
    assert found.hit_rate() == (8 / 13, 13)
    assert (found.whole.calls("pdf_hit"), found.whole.calls("pdf_coalesced")) == (4, 4)
    bench.close()


@pytest.mark.slow
def test_another_time_has_other_figures(bench_with: Bench, show: Any, redis_server: RedisServer) -> None:
    load = metrics_load.put(store_on(redis_server))
    page = show(bench_with(redis_url=redis_server.url))
    deltas = [each.delta for each in page.metric]

    page.button_group(key="stretch").set_value("day").run()

    asked = load.asked + sum(load.before[name] for name in ("hit_memory", "hit_redis", "coalesced", "miss"))
    assert page.metric[0].label == f"Hit rate, n = {asked:,}"
    assert "points" in deltas[0]
    assert not page.metric[0].delta, "of the day before nothing is known"


# -- figures that are drawn --


def a_report(*gaps: int) -> Report:
    """Twenty minutes of an hour, without those."""

    class Known:
        def look(self, *_: object) -> Look:
            now_s = 1_700_000_000.0
            starts = range(int(now_s) // 60 * 60 - 19 * 60, int(now_s) // 60 * 60 + 60, 60)
            fields = {"c:hit_memory": 9.0, "c:miss": 1.0, "h:pdf_hit:10": 3.0, "s:pdf_hit": 9.0}
            slices = tuple(Slice(at, dict(fields)) for n, at in enumerate(starts) if n not in gaps)
            return Look(now_s, slices, (), (Slice(starts[5] - 3600, dict(fields)),))

    return report(HOUR, Known(), compare=True)


def test_gaps_are_drawn_as_gaps() -> None:
    found = a_report(5, 6, 7)

    for figure in (charts.served(found), charts.throughput(found), charts.latencies(found, [("pdf_hit", "hit")])):
        for trace in figure.data:
            if trace.showlegend is False and not trace.name:
                continue  # what makes a stack fall to the ground in a gap
            known = [value is not None for value in trace.y]
            assert known[-20:] == [n not in (5, 6, 7) for n in range(20)], trace.name
            assert not any(known[:-20])
            assert not trace.connectgaps


def test_a_comparison_draws_the_time_before_on_the_same_axis() -> None:
    found = a_report()

    plain, compared = charts.served(found), charts.served(found, compare=True)

    assert len(compared.data) == len(plain.data) + 1
    assert compared.data[-1].x == compared.data[-2].x
    assert [at for at, value in enumerate(compared.data[-1].y) if value is not None] == [45]


def test_trouble_is_marked_where_it_happened_and_nowhere_else() -> None:
    calm = charts.troubles(a_report())

    assert all(value is None for trace in calm.data for value in trace.y)
    assert {trace.name for trace in calm.data} == {words for words, _, _ in charts.TROUBLES}


@pytest.mark.parametrize("spread", [[], [(1, 0.5)], [(100, 60.0), (8 << 20, 86_400.0)]])
def test_what_is_kept_is_drawn_however_much_it_is(spread: list[tuple[int, float]]) -> None:
    figure = charts.kept(spread)

    assert [sum(trace.y) for trace in figure.data] == [len(spread)] * (2 if spread else 0)


def test_the_download_has_a_line_for_each_point() -> None:
    found = a_report(5)

    rows = list(csv.DictReader(io.StringIO(_board.csv(found).decode())))

    assert len(rows) == len(found.points)
    assert [row["hit_memory"] for row in rows[-3:]] == ["9"] * 3
    assert rows[-15]["hit_memory"] == ""
    assert rows[-1]["pdf_hit_count"] == "3"
    assert rows[-1]["pdf_hit_ms"] == "9"
    assert rows[-1]["pdf_hit_p50_ms"] == rows[-1]["pdf_hit_p95_ms"] == "2.484"


# -- states --


def test_while_redis_is_away_the_figures_are_this_servers_and_say_so(bench_with: Bench, show: Any) -> None:
    bench = bench_with(redis_url="redis://localhost:1")
    bench.metrics.add("hit_memory", 3)
    bench.metrics.add("miss", 1)

    page = show(bench)

    assert figures(page)["Hit rate"] == "75.0 %"
    assert any("this server alone" in each.value for each in page.warning)
    assert any("Redis does not answer" in each.value.replace("\\", "") for each in page.markdown)


def test_a_warning_of_health_is_a_badge(bench_with: Bench, show: Any) -> None:
    bench = bench_with(alert_hit_rate=0.5)
    bench.metrics.add("miss", 50)

    page = show(bench)

    assert any("only 0% of 50 reads" in each.value.replace("\\", "").lower() for each in page.markdown)


@pytest.mark.slow
def test_titles_of_decks_are_for_the_operator_alone(bench_with: Bench, show: Any) -> None:
    bench, artwork = bench_with(), art.deck_of([art.solid(art.RED, (20, 28))])
    bench.wait(bench.submit(artwork, {"title": "secret elves"}).id, 60)

    def table(page: AppTest) -> Any:
        return next(each.value for each in page.dataframe if "waited" in each.value.columns)

    assert "deck" not in table(show(bench)).columns
    assert list(table(show(bench, operator=True))["deck"]) == ["secret elves"]
    bench.close()


# -- the operator --


def test_who_is_elsewhere_is_offered_nothing(bench_with: Bench, show: Any) -> None:
    page = show(bench_with())

    assert not [label for label in buttons(page) if label in ("Empty it", "Cancel it", "Make it")]


def test_the_operators_token_opens_his_part_and_no_other_does(bench_with: Bench, show: Any) -> None:
    page = show(bench_with(admin_token=TOKEN))
    assert "Empty it" not in buttons(page)

    page.text_input(key="operator-token").set_value("another-token").run()
    assert any("not the token" in each.value for each in page.error)
    assert "Empty it" not in buttons(page)

    page.text_input(key="operator-token").set_value(TOKEN).run()
    assert "Empty it" in buttons(page)


def test_who_gave_the_token_stays_the_operator(bench_with: Bench, show: Any) -> None:
    bench = bench_with(admin_token=TOKEN)
    bench.cache.set("pdf", "0" * 64, b"x")
    page = show(bench)
    page.text_input(key="operator-token").set_value(TOKEN).run()

    press(page, "Empty it")
    press(page, "Yes")

    assert any("Removed 1 key." in each.value for each in page.success)
    assert incidents(bench) == ["cleared pdf: 1 key"]
    assert "Empty it" in buttons(page.switch_page("tasks.py").run().switch_page("dashboard.py").run())


def test_emptying_the_cache_asks_first_and_is_an_incident(bench_with: Bench, show: Any) -> None:
    bench = bench_with()
    for namespace in ("pdf", "tile"):
        bench.cache.set(namespace, "0" * 64, b"x")
    page = show(bench, operator=True)

    press(page, "Empty it")
    assert bench.cache.has("pdf", "0" * 64)
    press(page, "No")
    assert bench.cache.has("pdf", "0" * 64)
    assert "Yes" not in buttons(page)
    press(page, "Empty it")
    press(page, "Yes")

    assert not bench.cache.has("pdf", "0" * 64)
    assert bench.cache.has("tile", "0" * 64)
    assert any("Removed 1 key." in each.value for each in page.success)
    assert incidents(bench) == ["cleared pdf: 1 key"]


@pytest.mark.slow
def test_a_task_is_cancelled_by_the_operator(bench_with: Bench, show: Any, redis_server: RedisServer) -> None:
    bench = bench_with(redis_url=redis_server.url, runner="celery", broker_url=redis_server.url)
    task = bench.submit(art.deck_of([art.solid(art.RED, (20, 28))]), {"title": "elves"})  # no worker is there
    page = show(bench, operator=True)
    assert figures(page)["Tasks waiting"] == "1"

    press(page, "Cancel it")
    assert bench.task(task.id).state is State.PENDING
    press(page, "Yes")

    assert bench.task(task.id).state is State.CANCELLED
    assert incidents(bench) == ["asked a task to stop"]
    bench.close()


@pytest.mark.slow
def test_the_breaker_is_reset_by_the_operator(bench_with: Bench, show: Any, redis_server: RedisServer) -> None:
    bench = bench_with(redis_url=redis_server.url, breaker_open_s=3600.0)
    assert bench.link is not None
    bench.link.breaker.failed("a test wants it", 3600.0)
    page = show(bench, operator=True)
    assert bench.health().reasons

    press(page, "Ask Redis again at once")
    press(page, "Yes")

    assert not bench.health().reasons
    assert incidents(bench) == ["closed the breaker of one server: Redis is asked again"]


@pytest.mark.slow
def test_the_cache_is_warmed_by_the_operator(bench_with: Bench, show: Any) -> None:
    bench = bench_with()
    page = show(bench, operator=True)
    fronts = [(f"{number}.png", art.encoded(art.solid(art.RED, (20 + number, 28))), "image/png") for number in range(2)]

    page.file_uploader(key="warm-fronts").set_value(fronts).run()
    page.text_area(key="warm-settings").set_value("[1]").run()
    press(page, "Make it")
    press(page, "Yes")
    assert any("Not done" in each.value for each in page.error)
    page.text_area(key="warm-settings").set_value('{"paper": "a4"}').run()
    press(page, "Make it")
    press(page, "Yes")

    (task,) = bench.tasks()
    assert bench.wait(task.id, 60).state is State.SUCCESS
    assert (task.queue, task.layout[:2]) == ("bulk", "a4")
    assert incidents(bench) == ["had a deck of 2 cards made, for the cache"]
    bench.close()


@pytest.mark.slow
def test_the_cache_is_warmed_from_a_saved_project(bench_with: Bench, show: Any) -> None:
    bench = bench_with()
    page = show(bench, operator=True)
    images = [BytesSource(f"{n}.png", art.encoded(art.solid(art.RED, (20 + n, 28)))) for n in range(2)]
    cards = tuple(ProjectCard(image, 3, knobs={"crop": "1mm"}, upload=n) for n, image in enumerate(images))
    saved = bench.save_project(Project(cards, title="elves", settings={"paper": "a4"}))

    page.file_uploader(key="warm-project").set_value(("elves.cardmaker", b"no project", "")).run()
    press(page, "Make it")
    press(page, "Yes")
    assert any("damaged" in each.value for each in page.error)
    page.file_uploader(key="warm-project").set_value(("elves.cardmaker", saved, "")).run()
    press(page, "Make it")
    press(page, "Yes")

    (task,) = bench.tasks()
    assert bench.wait(task.id, 60).state is State.SUCCESS
    assert (task.queue, task.layout[:2], task.cards) == ("bulk", "a4", 6)
    bench.close()
