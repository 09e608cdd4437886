"""Measures the engine and prints Markdown: `make bench`, or `make bench ARGS=--full`.

Short: three runs of the common cases, growth up to 104 cards. Full: five runs, every deck, Pillow beside it, and
growth up to 1040 cards.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.decks import CARDS, DECKS, GROWTH, Deck, drawn
from benchmarks.runner import ROOT, Command, Runs, Spread, in_turn, job

# design: whole processes as times of img2pdf's; what it gives in seconds, as those over its 0.16 s for img2pdf.
IMG2PDF_S = 0.16
COLD = (("jpeg", 4.0), ("png", 0.9), ("large", 4.0), ("bleed", 0.3 / IMG2PDF_S))
# The engine's call over Pillow's decoding, resizing and encoding of the same files.
KNOBS_TIMES = 3.0
_CACHE_JOBS = ("documents", "values", "waiters")
WAITER_S = 0.05
TASK_OVERHEAD_S = (("local", 0.050), ("celery", 0.150))
PEAK_MIB, GROWTH_TIMES, SIZE_TIMES, PAGE_S = 96.0, 1.3, 1.03, 0.3


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table of budgets."""

    what: str
    budget: str
    reached: str
    kept: bool


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--full", action="store_true", help="five runs of each, every deck, and decks up to 1040 cards")
    parser.add_argument("--json", type=Path, help="also keep every figure in this file")
    arguments = parser.parse_args()
    full: bool = arguments.full
    times = 5 if full else 3
    counts = GROWTH if full else GROWTH[:3]

    names = ("jpeg", "png", "large", "bleed", "alpha") if full else ("jpeg", "png", "large", "bleed")
    cold = {name: _cold(DECKS[name], times, with_pillow=full) for name in names}
    knobs = {"knobs": in_turn({"engine": job("engine", "knobs"), "resized": job("resized", "knobs")}, times, _say)}
    warm = in_turn({"warm": job("warm", "jpeg"), "floor": job("img2pdf", "jpeg")}, times, _say)
    previews = {
        name: in_turn({"preview": job("preview", name), "floor": job("img2pdf", "jpeg")}, times, _say)
        for name in ("jpeg", "png", "large")
    }
    growth = {count: _growth(DECKS[f"jpeg-{count}"], times) for count in counts}
    pages = {name: _pages(DECKS[name], times) for name in ("jpeg", "png")}
    has_redis = shutil.which("redis-server") is not None
    kept = _kept(times) if has_redis else {}
    tasks = _tasks(full) if has_redis else {}
    _say("")

    rows = [
        *_budgets(cold, warm, previews),
        *_knobs_budget(knobs["knobs"]),
        *_growth_budget(growth),
        *_page_budgets(pages),
        *_cache_budgets(kept),
        *_task_budgets(tasks),
    ]
    print(f"{_machine()}; {times} runs of each, in turn; medians with least and most.\n")
    print(_table(("budget", "at most", "reached", ""), [(r.what, r.budget, r.reached, _verdict(r)) for r in rows]))
    for title, table in (
        ("Whole processes and engine calls", _cold_table({**cold, **knobs})),
        ("In one process", _warm_table(warm, previews)),
        ("Growth", _growth_table(growth)),
    ):
        print(f"\n{title}\n\n{table}")
    if "workers" in tasks:
        print(f"\nTasks of 24 cards through Celery workers\n\n{_workers_table(tasks['workers'])}")
    if arguments.json:
        named = {
            **cold,
            **knobs,
            "warm": warm,
            **{f"growth-{count}": runs for count, runs in growth.items()},
            **{f"preview-{name}": runs for name, runs in previews.items()},
            **{f"page-{name}": runs for name, runs in pages.items()},
        }
        arguments.json.write_text(json.dumps(_figures(named), indent=1))


# -- what is run --


def _cold(deck: Deck, times: int, *, with_pillow: bool) -> dict[str, Runs]:
    drawn(deck)
    commands = {"process": _command_line(deck), "engine": job("engine", deck.name)}
    if deck.name != "alpha":  # which img2pdf splits into two images: no floor, and minutes long
        commands["img2pdf"] = job("img2pdf", deck.name)
    if with_pillow:
        commands["pillow"] = job("pillow", deck.name)
    return in_turn(commands, times, lambda words: _say(f"{deck.name}: {words}"))


def _growth(deck: Deck, times: int) -> dict[str, Runs]:
    drawn(DECKS[f"jpeg-{GROWTH[-1]}"] if deck.cards > CARDS else deck)
    drawn(deck)
    one_thread, two_threads = job("engine", deck.name, "1"), job("engine", deck.name, "2")
    return in_turn(
        {"process": _command_line(deck), "1 thread": one_thread, "2 threads": two_threads},
        times,
        lambda words: _say(f"{deck.name}: {words}"),
    )


def _pages(deck: Deck, times: int) -> dict[str, Runs]:
    path = str(Path(tempfile.gettempdir(), f"cardmaker-page-{deck.name}.pdf"))
    commands: dict[str, Command] = {"pdfium": job("page", deck.name, path)}
    if shutil.which("pdftoppm"):
        commands["poppler"] = ["pdftoppm", "-r", "300", path, path]
    if shutil.which("gs"):
        quiet = ["-q", "-dSAFER", "-dNOPAUSE", "-dBATCH", "-sDEVICE=ppmraw", "-r300"]
        commands["Ghostscript"] = ["gs", *quiet, f"-sOutputFile={path}.ppm", path]
    runs = in_turn(commands, times, lambda words: _say(f"page of {deck.name}: {words}"))
    for left in Path(path).parent.glob(f"{Path(path).name}*"):
        left.unlink()
    return runs


def _kept(times: int) -> dict[str, Runs]:
    """Through the cache, on a Redis of its own."""
    jobs = {name: [sys.executable, "-m", "benchmarks.cache_jobs", name, "jpeg"] for name in _CACHE_JOBS}
    return in_turn(jobs | {"floor": job("img2pdf", "jpeg")}, min(times, 3), lambda words: _say(f"cache: {words}"))


def _tasks(full: bool) -> dict[str, Runs]:
    """Through the runners, on a Redis of their own; once each, since a run has many in it."""
    decks = {"overhead": "jpeg-8"} | ({"workers": "jpeg-24"} if full else {})
    for deck in decks.values():
        drawn(DECKS[deck])
    jobs = {name: [sys.executable, "-m", "benchmarks.task_jobs", name, deck] for name, deck in decks.items()}
    return in_turn(jobs, 1, lambda words: _say(f"tasks: {words}"))


def _command_line(deck: Deck) -> Command:
    images = ["--fronts", str(deck.fronts), "--back", str(deck.back), *deck.options]
    return [sys.executable, "-m", "cardmaker", "render", *images, "--quiet", "--out", str(ROOT / ".bench" / "out.pdf")]


# -- what came out --


def _budgets(
    cold: dict[str, dict[str, Runs]], warm: dict[str, Runs], previews: dict[str, dict[str, Runs]]
) -> Iterator[Row]:
    for name, limit in COLD:
        ratio = cold[name]["process"].ratio(cold[name]["img2pdf"])
        wall = cold[name]["process"].wall.median
        reached = f"{_spread(ratio)} ({wall:.2f} s)"
        what = f"cold, whole process, {DECKS[name].what}"
        yield Row(what, f"{limit:.2f} x img2pdf", reached, ratio.median <= limit)
    for what, runs, name, budget_s in (
        ("warm, one card of 104 changed", warm, "one_card_s", 0.080),
        ("warm, layout changed", warm, "layout_s", 0.060),
        ("preview of a page, nothing kept, JPEG", previews["jpeg"], "cold_s", 0.070),
        ("preview of a page, proxies kept, JPEG", previews["jpeg"], "warm_s", 0.070),
        ("preview of a page, nothing kept, PNG", previews["png"], "cold_s", 0.070),
        ("preview of a page, proxies kept, PNG", previews["png"], "warm_s", 0.070),
    ):
        measured, limit = next(each for key, each in runs.items() if key != "floor"), budget_s / IMG2PDF_S
        times = measured.figure_to(name, runs["floor"])
        words = f"{_spread(times)} ({measured.figure(name).median * 1000:.0f} ms)"
        yield Row(what, f"{limit:.2f} x img2pdf ({budget_s * 1000:.0f} ms)", words, times.median <= limit)
    peak = max(cold[name]["process"].peak.most for name, _ in COLD)
    yield Row("peak memory, command line, the decks above", f"{PEAK_MIB:.0f} MiB", f"{peak:.0f} MiB", peak <= PEAK_MIB)
    for name in ("jpeg", "png"):
        larger = cold[name]["engine"].figure("bytes").median / DECKS[name].bytes_in
        what = f"bytes out / in, {DECKS[name].what}"
        yield Row(what, f"{SIZE_TIMES:.2f}", f"{larger:.3f}", larger <= SIZE_TIMES)


def _knobs_budget(runs: dict[str, Runs]) -> Iterator[Row]:
    ratio = runs["engine"].ratio_of("engine_s", runs["resized"])
    took = runs["engine"].figure("engine_s").median
    reached = f"{_spread(ratio)} ({took:.2f} s)"
    limit = f"{KNOBS_TIMES:.0f} x Pillow's decode, resize, encode"
    yield Row(f"cold, call, {DECKS['knobs'].what}", limit, reached, ratio.median <= KNOBS_TIMES)


def _cache_budgets(kept: dict[str, Runs]) -> Iterator[Row]:
    if not kept:
        return
    documents, values, waiters, floor = (kept[name] for name in (*_CACHE_JOBS, "floor"))
    for what, runs, name, budget_s in (
        ("through the cache: one card of 104 changed", documents, "one_card_s", 0.080),
        ("through the cache: layout changed", documents, "layout_s", 0.060),
        ("hit of the JPEG deck's PDF, verified, from Redis", values, "redis_hit_s", 0.040),
        ("hit of the JPEG deck's PDF, from memory", values, "memory_hit_s", 0.002),
    ):
        times, limit = runs.figure_to(name, floor), budget_s / IMG2PDF_S
        words = f"{_spread(times)} ({runs.figure(name).median * 1000:.1f} ms)"
        yield Row(what, f"{limit:.3f} x img2pdf ({budget_s * 1000:.0f} ms)", words, times.median <= limit)
    for what, name in (("a plain GET of it", "plain_get_s"), ("dogpile.cache on Redis", "dogpile_s")):
        yield Row(f"beside it: {what}", "", f"{values.figure(name).median * 1000:.1f} ms", kept=True)
    last = waiters.figure("last_waiter_s").median
    computes = waiters.figure("computes").most
    words = f"{computes:.0f} computed, the last {last * 1000:.0f} ms after"
    kept_to = last <= WAITER_S and computes == 1
    yield Row("8 processes on one cold key", f"1 computes, the last {WAITER_S * 1000:.0f} ms after", words, kept_to)


def _task_budgets(tasks: dict[str, Runs]) -> Iterator[Row]:
    if not tasks:
        return
    for way, budget_s in TASK_OVERHEAD_S:
        over, direct = (tasks["overhead"].figure(name).median for name in (f"{way}_over_direct_s", "direct_s"))
        words = f"{over * 1000:.0f} ms over {direct * 1000:.0f} ms"
        what = f"a task over a direct render, 8 JPEGs, {way}"
        yield Row(what, f"{budget_s * 1000:.0f} ms", words, over <= budget_s)


def _growth_budget(growth: dict[int, dict[str, Runs]]) -> Iterator[Row]:
    most = max(growth)
    if most <= CARDS:
        return
    times = growth[most]["process"].peak.median / growth[CARDS]["process"].peak.median
    what = f"peak memory, {most} cards against {CARDS}"
    yield Row(what, f"{GROWTH_TIMES:.1f} x", f"{times:.2f}", times <= GROWTH_TIMES)


def _page_budgets(pages: dict[str, dict[str, Runs]]) -> Iterator[Row]:
    for name, runs in pages.items():
        for renderer, each in runs.items():
            took = each.figure("engine_s") if each.printed else each.wall
            what = f"a page of {DECKS[name].kind.upper()}s at 300 dpi in {renderer}"
            yield Row(what, f"{PAGE_S:.1f} s", f"{took.median:.2f} s", took.median <= PAGE_S)


def _cold_table(cold: dict[str, dict[str, Runs]]) -> str:
    lines = []
    for name, runs in cold.items():
        for what, each in runs.items():
            call = each.figure("engine_s") if each.printed else None
            size = f"{each.figure('bytes').median / DECKS[name].bytes_in:.3f}" if each.printed else ""
            cells = (_spread(each.wall), _spread(each.cpu), _spread(call) if call else "", f"{each.peak.median:.0f}")
            lines.append((DECKS[name].what, what, *cells, size))
    return _table(("deck", "", "process, s", "CPU, s", "call, s", "peak, MiB", "bytes out / in"), lines)


def _warm_table(warm: dict[str, Runs], previews: dict[str, dict[str, Runs]]) -> str:
    named = (
        ("first render", "first_s"),
        ("one card changed", "one_card_s"),
        ("layout changed", "layout_s"),
        ("copying the images and no more", "copy_s"),
    )
    lines = [(what, _ms(warm["warm"].figure(name))) for what, name in named]
    for deck, runs in previews.items():
        for what, name in (
            ("preview, nothing kept", "cold_s"),
            ("preview, proxies kept", "warm_s"),
            ("Pillow decoding that page's images, 2 threads", "decode_s"),
        ):
            lines.append((f"{DECKS[deck].what}: {what}", _ms(runs["preview"].figure(name))))
    return _table(("", "ms"), lines)


def _growth_table(growth: dict[int, dict[str, Runs]]) -> str:
    lines = []
    for count, runs in growth.items():
        calls = [_ms(runs[name].figure("engine_s")) for name in ("1 thread", "2 threads")]
        lines.append((str(count), _spread(runs["process"].wall), f"{runs['process'].peak.median:.1f}", *calls))
    header = ("cards", "process, s", "peak, MiB", "call with 1 thread, ms", "call with 2 threads, ms")
    return _table(header, lines)


def _workers_table(runs: Runs) -> str:
    names = ("decks_per_s", "wait_p50_s", "wait_max_s", "run_p50_s", "worker_mib")
    lines = [(str(n), *(f"{runs.figure(f'{n}_{name}').median:.2f}" for name in names)) for n in (1, 2, 4)]
    return _table(("workers", "decks/s", "wait p50, s", "longest, s", "render p50, s", "a worker, MiB"), lines)


def _verdict(row: Row) -> str:
    return "kept" if row.kept else "missed"


def _spread(spread: Spread) -> str:
    return f"{spread.median:.2f} ({spread.least:.2f} to {spread.most:.2f})"


def _ms(spread: Spread) -> str:
    return f"{spread.median * 1000:.0f} ({spread.least * 1000:.0f} to {spread.most * 1000:.0f})"


def _table(header: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    rows = [header, ["---"] * len(header), *lines]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _figures(named: dict[str, dict[str, Runs]]) -> dict[str, dict[str, dict[str, object]]]:
    return {name: {what: vars(runs) for what, runs in each.items()} for name, each in named.items()}


def _machine() -> str:
    cpu = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        cpu = next((x.split(":")[1].strip() for x in info.read_text().splitlines() if x.startswith("model name")), cpu)
    return f"{platform.system()}, {os.cpu_count()} x {cpu}, Python {platform.python_version()}"


def _say(words: str) -> None:
    if sys.stderr.isatty() or not words:
        sys.stderr.write(f"\r\x1b[K{words}" if sys.stderr.isatty() else "")
        sys.stderr.flush()


if __name__ == "__main__":
    main()
