"""A file that is made behind a page: it says how far it is, and can be stopped."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from cardmaker.errors import Cancelled, CardmakerError
from cardmaker.render import Cancel, Progress

Work = Callable[[Progress, Cancel], bytes]

# One for all sessions: what is seen on a page must stay quick.
_THREADS = 1
_log = logging.getLogger(__name__)


class Making:
    """`content` once it is made, or the `error` that was in the way. `progress` goes from 0 to 1."""

    def __init__(self) -> None:
        self.content: bytes | None = None
        self.error: CardmakerError | None = None
        self.progress, self.doing = 0.0, ""
        self._stopped, self._over = threading.Event(), threading.Event()

    @property
    def is_over(self) -> bool:
        return self._over.is_set()

    @property
    def is_cancelled(self) -> bool:
        return self._stopped.is_set()

    def cancel(self) -> None:
        self._stopped.set()

    def wait(self, timeout_s: float) -> bool:
        """Whether it is over, at most that long from now."""
        return self._over.wait(timeout_s)

    def run(self, work: Work) -> None:
        try:
            if not self.is_cancelled:
                self.content = work(self._tell, self._stopped.is_set)
        except Cancelled:
            self._stopped.set()
        except CardmakerError as error:
            self.error = error
        except Exception:  # noqa: BLE001 - a fault of ours, in a thread where nobody else would hear of it
            _log.exception("a file could not be made behind the page")
            self.error = CardmakerError("this could not be made, and it is our fault; try again")
        finally:
            self._over.set()

    def _tell(self, progress: float, doing: str) -> None:
        self.progress, self.doing = progress, doing


class Maker:
    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="cardmaker-making")

    def begin(self, work: Work) -> Making:
        making = Making()
        self._pool.submit(making.run, work)
        return making

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
