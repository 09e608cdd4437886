"""Preflight in the background, for a page that must not wait: what was seen of an image is kept, so that a change of
the layout looks at nothing again."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from cardmaker import imposition, preflight
from cardmaker.artwork import Preparer, View
from cardmaker.deck import Artwork
from cardmaker.errors import Cancelled, ImageError
from cardmaker.finding import Finding
from cardmaker.preflight import Look
from cardmaker.source import ImageSource
from cardmaker.spec import RenderRequest, TileSpec

# So few are looked at while the page waits: JPEGs of a card take 3 ms each.
AT_ONCE = 24
# A person who turns a knob turns it again soon, and the sheet comes first: a check of 104 JPEGs that began after 0.4 s,
# on both cores, made the next tweak twice as slow.
PAUSE_S = 1.5
_KEPT = 20_000
_THREADS = 2


class Inspection:
    """One look at all images of a document. `findings` is None until it is over, `early` what the request alone shows;
    `broken` says by digest why an image cannot be printed. `progress` goes from 0 to 1."""

    def __init__(self, request: RenderRequest) -> None:
        self.request = request
        self.early = preflight.early(request)
        self.findings: tuple[Finding, ...] | None = None
        self.broken: Mapping[str, str] = {}
        self.progress, self.doing = 0.0, ""
        self._stopped, self._over = threading.Event(), threading.Event()

    def cancel(self) -> None:
        """Nobody waits for it any more."""
        self._stopped.set()

    def wait(self, timeout_s: float) -> None:
        """Until it is over, at most that long."""
        self._over.wait(timeout_s)

    def tell(self, progress: float, doing: str) -> None:
        self.progress, self.doing = progress, doing

    def pause(self, seconds: float) -> bool:
        """Whether it is still wanted after that time."""
        return not self._stopped.wait(seconds)

    def is_cancelled(self) -> bool:
        return self._stopped.is_set()

    def end(self, findings: tuple[Finding, ...] | None, broken: Mapping[str, str]) -> None:
        self.broken, self.findings = broken, findings
        self._over.set()


class Inspector:
    def __init__(self, preparer: Preparer) -> None:
        self._preparer = preparer
        self._looks: OrderedDict[TileSpec, Look] = OrderedDict()
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(_THREADS, thread_name_prefix="cardmaker-inspection")

    def begin(self, request: RenderRequest, artwork: Artwork) -> Inspection:
        """Over already where there is little to look at."""
        inspection = Inspection(request)
        with self._lock:
            new = sum(spec not in self._looks for spec in imposition.impose(request).tiles())
        if new <= AT_ONCE:
            self._run(inspection, artwork, 0.0)
        else:
            self._pool.submit(self._run, inspection, artwork, PAUSE_S)
        return inspection

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _run(self, inspection: Inspection, artwork: Artwork, pause_s: float) -> None:
        findings, request = None, inspection.request
        try:
            if inspection.pause(pause_s):
                findings = preflight.check(
                    request,
                    artwork.images,
                    inspect=self._look,
                    progress=inspection.tell,
                    cancelled=inspection.is_cancelled,
                    threads=1,
                )
        except Cancelled:
            findings = None
        finally:
            inspection.end(findings, self._broken(request) if findings is not None else {})

    def _look(self, source: ImageSource, spec: TileSpec) -> View:
        with self._lock:
            look = self._looks.get(spec)
        if look is None:
            try:
                look = self._preparer.inspect(source, spec)
            except ImageError as error:
                look = error
            with self._lock:
                self._looks[spec] = look
                while len(self._looks) > _KEPT:
                    self._looks.popitem(last=False)
        if isinstance(look, ImageError):
            raise look
        return look

    def _broken(self, request: RenderRequest) -> dict[str, str]:
        with self._lock:
            looks = [(spec.image, self._looks.get(spec)) for spec in imposition.impose(request).tiles()]
        return {image: look.reason for image, look in looks if isinstance(look, ImageError)}
