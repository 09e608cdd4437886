"""A render process: where a server makes a long document, so that its pages go on, and a crash or a kill costs
one task.

It is a child that ends with the server, however that ends. It holds no deck: it asks for each image when it needs
it, and sends the document as it grows.
"""

from __future__ import annotations

import json
import logging
import queue
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import BinaryIO, cast

from cardmaker import processes
from cardmaker.cache import failures
from cardmaker.errors import Cancelled, CardmakerError, RenderFault
from cardmaker.limits import Limits
from cardmaker.pdf.stream import Sink
from cardmaker.render import Cancel, Progress
from cardmaker.settings import Settings
from cardmaker.source import read_bytes
from cardmaker.tasks.execution import TimedOut
from cardmaker.tasks.frames import Ended, Frames, Kind
from cardmaker.tasks.job import Job

_log = logging.getLogger(__name__)
# How often a cancel is looked for while nothing is heard.
_LOOK_S = 0.05
_READY_S = 60.0


class Killed(CardmakerError):
    """The process died under its task."""

    code = "lost"


class RenderProcess:
    """For one task at a time; starts with the first. `module` is what the child runs: see `cardmaker.child`; `merge`
    takes what it recorded."""

    def __init__(
        self,
        settings: Settings,
        limits: Limits,
        module: str,
        merge: Callable[[Mapping[str, float]], object] = lambda _: None,
    ) -> None:
        self._settings, self._limits, self._module, self._merge = settings, limits, module, merge
        self._process: subprocess.Popen[bytes] | None = None
        self._frames: Frames | None = None
        self._heard: queue.SimpleQueue[tuple[Kind, bytes] | None] = queue.SimpleQueue()

    @property
    def pid(self) -> int | None:
        """None while there is none."""
        return self._process.pid if self._process and self._process.poll() is None else None

    def render(self, job: Job, sink: Sink, progress: Progress, cancelled: Cancel) -> None:
        """Writes the job's document to `sink`. Raises Cancelled, TimedOut, Killed, and what the render raises."""
        frames, deadline = self._started(), time.monotonic() + self._settings.task_soft_s
        stopping_s: float | None = None
        try:
            frames.send(Kind.JOB, job.dump())
            while True:
                now = time.monotonic()
                if stopping_s is None and (cancelled() or now > deadline):
                    stopping_s = now + self._settings.task_grace_s
                    frames.send(Kind.CANCEL)
                if stopping_s is not None and now > stopping_s:
                    self.kill()
                    raise _stopped(cancelled, self._settings.task_soft_s)
                try:
                    heard = self._heard.get(timeout=_LOOK_S)
                except queue.Empty:
                    continue
                if self._is_over(heard, job, sink, progress, frames):
                    return
        except Cancelled:
            raise _stopped(cancelled, self._settings.task_soft_s) from None
        except Ended:
            self.kill()
            raise Killed("the process that made it was killed; its memory may have run out") from None
        except CardmakerError:
            raise
        except BaseException:
            self.kill()  # it would go on telling of a job that nobody follows
            raise

    def kill(self) -> None:
        """At once. The next render starts another."""
        process, self._process, self._frames = self._process, None, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            try:
                cast(BinaryIO, pipe).close()
            except OSError:  # what was not sent goes nowhere
                _log.debug("a render process ended with unsent data")

    def _is_over(
        self, heard: tuple[Kind, bytes] | None, job: Job, sink: Sink, progress: Progress, frames: Frames
    ) -> bool:
        if heard is None:
            raise Ended
        kind, data = heard
        if kind is Kind.PROGRESS:
            done, doing = json.loads(data)
            progress(float(done), str(doing))
        elif kind is Kind.METRICS:
            self._merge(json.loads(data))
        elif kind is Kind.GIVE:
            self._give(data.decode(), job, frames)
        elif kind is Kind.DATA:
            sink.write(data)
        elif kind is Kind.FAILED:
            images = job.artwork.images
            error = failures.load(data, lambda digest: images[digest].name)
            raise error or RenderFault("the render failed; please report this")
        elif kind is Kind.CANCELLED:
            raise Cancelled("cancelled; nothing was kept")
        return kind is Kind.DONE

    def _give(self, digest: str, job: Job, frames: Frames) -> None:
        image = job.artwork.images.get(digest)
        if image is None:
            frames.send(Kind.NO_IMAGE)
        else:
            frames.send(Kind.IMAGE, read_bytes(image))

    def _started(self) -> Frames:
        """A process that has nothing left to say of an earlier job."""
        if self._frames is not None and self.pid is not None:
            return self._frames
        self.kill()
        self._process = process = subprocess.Popen(
            [sys.executable, "-m", self._module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=processes.environment(),
        )
        frames = self._frames = Frames(cast(BinaryIO, process.stdout), cast(BinaryIO, process.stdin))
        self._heard = queue.SimpleQueue()
        threading.Thread(target=_listen, args=(frames, self._heard), name="cardmaker-listen", daemon=True).start()
        told = {"settings": asdict(self._settings), "limits": asdict(self._limits)}
        try:
            frames.send(Kind.SETTINGS, json.dumps(told).encode())
            heard = self._heard.get(timeout=_READY_S)
        except (Ended, queue.Empty):
            heard = None
        if heard is None or heard[0] is not Kind.READY:
            self.kill()
            raise Killed("no render process can be started; the server's log may say why")
        return frames


def _listen(frames: Frames, heard: queue.SimpleQueue[tuple[Kind, bytes] | None]) -> None:
    try:
        while True:
            heard.put(frames.receive())
    except Ended:
        heard.put(None)


def _stopped(cancelled: Cancel, limit_s: float) -> CardmakerError:
    if cancelled():
        return Cancelled("cancelled; nothing was kept")
    return TimedOut(f"took longer than {limit_s:g} s and was stopped; print the deck in parts")
