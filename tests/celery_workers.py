"""Real Celery workers on a Redis of the test's, that it may kill, and decks that keep them busy."""

import io
import os
import signal
import subprocess
import sys
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path

import pypdfium2
from PIL import Image

from cardmaker.deck import Artwork
from cardmaker.settings import Settings
from cardmaker.source import BytesSource
from cardmaker.tasks.celery_runner import CeleryRunner
from cardmaker.workbench import Task, Workbench
from tests import images
from tests.redis_server import RedisServer
from tests.tools import until

ROOT = Path(__file__).parent.parent
# As `python -m cardmaker`, by a clock of its own.
_SHIFTED = """
import runpy, sys, time
real = time.time
time.time = lambda: real() + {}
sys.path.insert(0, "")
runpy.run_module("cardmaker", run_name="__main__", alter_sys=True)
"""
READY_S, END_S = 60.0, 60.0
# Short, so that what was lost need not be waited for; a Redis on busy cores may take its time.
QUICK = {
    "redis_timeout_s": 1.25,
    "redis_budget_s": 4.0,
    "breaker_open_s": 0.3,
    "breaker_refused_s": 0.3,
    "lease_s": 1.0,
    "task_beat_s": 0.1,
    "task_silent_s": 3.0,
    "task_stalled_s": 2.0,
    "task_reap_s": 0.3,
    "task_grace_s": 0.2,
}


def settings_on(url: str, **settings: object) -> Settings:
    """Of an app that hands its tasks to Celery."""
    tasks = {"runner": "celery", "broker_url": url, "result_backend": url}
    return Settings(redis_url=url, **{**QUICK, **tasks, **settings})  # type: ignore[arg-type]


@contextmanager
def app_on(url: str, **settings: object) -> Iterator[Workbench]:
    """The workbench of such an app; it looks after no one's tasks."""
    bench = Workbench(settings_on(url, **settings))
    try:
        yield bench
    finally:
        bench.close()
        assert bench.link is not None
        bench.link.close()


def runner_of(bench: Workbench) -> CeleryRunner:
    assert isinstance(bench.runner, CeleryRunner)
    return bench.runner


class Fleet:
    """One worker with `slots` processes, in a process group of its own that ends with the block.

    `url` is where its Redis is, by a proxy perhaps; `clock_ahead_s` is how far its clock is off; `settings` are fields
    of Settings.
    """

    def __init__(
        self,
        server: RedisServer,
        folder: Path,
        *,
        url: str = "",
        slots: int = 1,
        clock_ahead_s: float = 0.0,
        **settings: object,
    ) -> None:
        self._server, self._url = server, url or server.url
        self.slots = slots
        self._settings = {**QUICK, **settings}
        folder.mkdir(exist_ok=True)
        self._log = folder / "worker.log"
        shifted = ["-c", _SHIFTED.format(clock_ahead_s)]
        self._program = shifted if clock_ahead_s else ["-m", "cardmaker"]
        self._process: subprocess.Popen[bytes] | None = None
        self._groups: list[int] = []
        self.arguments: list[str] = []

    def __enter__(self) -> "Fleet":
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        for group in self._groups:
            with suppress(ProcessLookupError):
                os.killpg(group, signal.SIGKILL)
        if self._process is not None:
            self._process.wait(END_S)
        until(lambda: not self.members(), END_S, "the end of all processes")

    @property
    def pid(self) -> int:
        """Of the main process."""
        assert self._process is not None
        return self._process.pid

    @property
    def log(self) -> str:
        return self._log.read_text("utf-8", "replace")

    def start(self, *, wait: bool = True) -> None:
        environment = {**_plain_environment(), "REDIS_URL": self._url, "CELERY_BROKER_URL": self._url}
        environment |= {f"CARDMAKER_{name.upper()}": str(value) for name, value in self._settings.items()}
        command = [sys.executable, *self._program, "worker", "--concurrency", str(self.slots), *self.arguments]
        with self._log.open("ab") as output:
            self._process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        self._groups.append(self._process.pid)
        if wait:
            self.await_ready()

    def await_ready(self) -> None:
        """Until it says itself that it is there."""
        with self._server.client() as redis:
            until(lambda: self._is_live(redis.keys("cm:live:*")), READY_S, "a worker's start")

    def children(self) -> list[int]:
        """The processes that render."""
        return [pid for pid, parent, _ in _processes() if parent == self.pid]

    def members(self) -> list[int]:
        """All processes that were ever started here and are still there."""
        return [pid for pid, _, group in _processes() if group in self._groups]

    def is_over(self) -> bool:
        assert self._process is not None
        return self._process.poll() is not None

    def kill(self) -> None:
        """The main process, as by a machine that fails; its children find out by themselves."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(END_S)

    def kill_all(self) -> None:
        """The whole group."""
        os.killpg(self.pid, signal.SIGKILL)
        assert self._process is not None
        self._process.wait(END_S)

    def pause(self) -> None:
        """Nothing of it moves."""
        os.killpg(self.pid, signal.SIGSTOP)

    def resume(self) -> None:
        os.killpg(self.pid, signal.SIGCONT)

    def kill_children(self) -> int:
        """As the system would when memory runs out; how many."""
        killed = 0
        for pid in self.children():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
                killed += 1
        return killed

    def tell(self, number: signal.Signals = signal.SIGTERM) -> None:
        os.kill(self.pid, number)

    def end(self) -> int:
        """The exit code of one that was told to stop."""
        assert self._process is not None
        return self._process.wait(END_S)

    def _is_live(self, keys: list[bytes]) -> bool:
        assert not self.is_over(), self.log
        return any(key.endswith(b":%d" % self.pid) for key in keys)


def _plain_environment() -> Mapping[str, str]:
    ours = ("CARDMAKER_", "REDIS_", "CELERY_")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


def _processes() -> Iterator[tuple[int, int, int]]:
    """Id, parent and group of each that is no zombie."""
    for folder in Path("/proc").iterdir():
        if not folder.name.isdigit():
            continue
        with suppress(OSError):
            state, parent, group = (folder / "stat").read_text().rpartition(")")[2].split()[:3]
            if state not in "ZX":
                yield int(folder.name), int(parent), int(group)


# -- decks --


def quick_deck(bench: Workbench, number: int, cards: int = 9) -> Artwork:
    """Its own images for each number; made in no time."""
    return bench.deck([BytesSource(f"card {i}.png", _told_apart(images.encoded(i), number, i)) for i in range(cards)])


def long_deck(bench: Workbench, number: int, cards: int = 100) -> Artwork:
    """Each card takes about a tenth of a second, and none was seen before."""
    return bench.deck([BytesSource(f"card {i}.png", _told_apart(_veil(1500), number, i)) for i in range(cards)])


def stubborn_deck(bench: Workbench, number: int) -> Artwork:
    """A card that takes seconds, in which nobody looks up."""
    return bench.deck([BytesSource("stubborn.png", _told_apart(_veil(7900), number, 0))])


def pages_of(document: bytes) -> int:
    with pypdfium2.PdfDocument(document) as pdf:
        return len(pdf)


def direct(artwork: Artwork, **knobs: object) -> bytes:
    """The same without tasks, cache and Redis."""
    bench, sink = Workbench(), io.BytesIO()
    bench.write(bench.request(artwork, knobs), artwork, sink)
    return sink.getvalue()


def await_running(bench: Workbench, task: Task, within_s: float = 30.0) -> Task:
    """Until it renders, not only was taken on."""
    until(lambda: bench.task(task.id).progress > 0 or bench.task(task.id).is_final, within_s, "the task's start")
    found = bench.task(task.id)
    assert not found.is_final, found
    return found


@cache
def _veil(side: int) -> bytes:
    """A small PNG with transparency that has to be decoded and compressed anew."""
    card = Image.radial_gradient("L").resize((side, side)).convert("RGBA")
    card.putalpha(Image.linear_gradient("L").resize((side, side)))
    stream = io.BytesIO()
    card.save(stream, "PNG", compress_level=1)
    return stream.getvalue()


def _told_apart(png: bytes, *numbers: int) -> bytes:
    """The same picture as another file: a comment before its end."""
    content = b"tEXt" + b"number\0" + repr(numbers).encode()
    chunk = (len(content) - 4).to_bytes(4, "big") + content + zlib.crc32(content).to_bytes(4, "big")
    return png[:-12] + chunk + png[-12:]
