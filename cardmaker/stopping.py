"""How a server ends that is told to stop.

uvicorn lets every answer under way come to its end, and waits for ever for a client that takes nothing of its own. So
after a while the server ends all the same, in order, and by the signal that it was sent.
"""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def in_time(stop_s: float, close: Callable[[], object]) -> Iterator[None]:
    """Within the lifespan of a server in the running loop. Once told to stop, it has `stop_s` seconds to leave the
    block; then `close` is called and its process ends. Outside the main thread no signal arrives, and nothing is
    done."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    known = {number: signal.getsignal(number) for number in _SIGNALS}
    over: list[asyncio.TimerHandle] = []

    def end(number: int) -> None:
        try:
            close()
        finally:
            signal.signal(number, signal.SIG_DFL)
            signal.raise_signal(number)

    def told(number: int, frame: FrameType | None) -> None:
        if not over:
            over.append(loop.call_later(stop_s, end, number))
        handler: Any = known[signal.Signals(number)]
        handler(number, frame)

    heard = [number for number, handler in known.items() if callable(handler)]
    for number in heard:
        signal.signal(number, told)
    try:
        yield
    finally:
        for timer in over:
            timer.cancel()
        for number in heard:
            signal.signal(number, known[number])
