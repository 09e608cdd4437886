"""A PDF from anywhere, moved in a process of its own, which has so much memory and time and no more: 2 kB of PDF can
unfold to gigabytes in pdfium, which then ends the process that it runs in.

The child is `python -m cardmaker.moving OFFSET`, with the offset as JSON and the PDF on stdin. On stdout it says in one
line of JSON how many pages there are, and then the PDF; or what is wrong with it. Windows bounds neither memory nor
time, but there, too, the child dies alone.
"""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict

from cardmaker import offset, processes
from cardmaker.errors import Busy, Cancelled, DocumentError, InputError, SettingError

_AT_ONCE, _PATIENCE_S, _LOOK_S = 2, 10.0, 0.1
# Beside the PDF, the one that it becomes, and their copies.
_ROOM_BYTES, _COPIES, _CPU_S = 768 << 20, 4, 60
_free = threading.BoundedSemaphore(_AT_ONCE)
_KINDS: dict[str, type[InputError]] = {kind.code: kind for kind in (DocumentError, SettingError)}


def moved(pdf: bytes, wanted: offset.Offset, cancelled: Callable[[], bool]) -> tuple[bytes, int]:
    """As `offset.moved`. Raises DocumentError, also when it takes too much; SettingError, Busy, Cancelled."""
    command = [sys.executable, "-m", __name__, json.dumps(asdict(wanted))]
    with (
        _slot(),
        subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=processes.environment(),
        ) as process,
    ):
        try:
            said = _said(process, pdf, cancelled)
        finally:
            process.kill()
    line, _, content = said.partition(b"\n")
    if process.returncode != 0 or not line:
        raise DocumentError("the PDF unfolds to more than can be moved; print it to a new PDF, and send that")
    told = json.loads(line)
    if "message" in told:
        raise _KINDS[told["code"]](told["message"])
    return content, told["pages"]


@contextmanager
def _slot() -> Iterator[None]:
    if not _free.acquire(timeout=_PATIENCE_S):
        raise Busy("other PDFs are being moved; try again shortly")
    try:
        yield
    finally:
        _free.release()


def _said(process: subprocess.Popen[bytes], pdf: bytes, cancelled: Callable[[], bool]) -> bytes:
    over = threading.Event()

    def watch() -> None:
        while not over.wait(_LOOK_S):
            if cancelled():
                process.kill()

    threading.Thread(target=watch, name="cardmaker-watch", daemon=True).start()
    try:
        said = process.communicate(pdf)[0]
    finally:
        over.set()
    if cancelled():
        raise Cancelled("cancelled; nothing was kept")
    return said


def _child(wanted: offset.Offset) -> None:
    pdf = sys.stdin.buffer.read()
    _bound(len(pdf))
    told: dict[str, object]
    try:
        content, pages = offset.moved(pdf, wanted)
        told = {"pages": pages}
    except InputError as error:
        content, told = b"", {"code": error.code, "message": str(error)}
    sys.stdout.buffer.writelines((json.dumps(told).encode(), b"\n", content))


def _bound(size: int) -> None:
    if sys.platform == "win32":
        return
    import resource

    for what, most in ((resource.RLIMIT_AS, _ROOM_BYTES + _COPIES * size), (resource.RLIMIT_CPU, _CPU_S)):
        _, hardest = resource.getrlimit(what)
        resource.setrlimit(what, (most if hardest == resource.RLIM_INFINITY else min(most, hardest), hardest))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


if __name__ == "__main__":
    _child(offset.Offset(**json.loads(sys.argv[1])))
