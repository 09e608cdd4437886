"""The one entry to the core: a request and its images become a PDF in a sink."""

from __future__ import annotations

import functools
import json
import time
import zlib
from collections import deque
from collections.abc import Callable, Generator, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from itertools import pairwise

import PIL
import reportlab
from PIL import features

from cardmaker import artwork, font, imposition, limits, preflight
from cardmaker.artwork import Preparer, Tile
from cardmaker.errors import Cancelled, ImageError, RenderFault
from cardmaker.finding import Finding
from cardmaker.imposition import Imposition
from cardmaker.limits import Limits
from cardmaker.pdf import Document
from cardmaker.pdf.stream import Sink
from cardmaker.preflight import THREADS, Look
from cardmaker.source import ImageSource
from cardmaker.spec import RenderRequest, TileSpec

_STEPS = ("impose", "prepare", "write")
Images = Mapping[str, ImageSource]
Prepare = Callable[[ImageSource, TileSpec], Tile]
# How far a render is, from 0 to 1, and what is being done, for people.
Progress = Callable[[float, str], object]
Cancel = Callable[[], bool]


@dataclass(frozen=True, slots=True)
class Result:
    """What a sink has received. `broken` is not empty only when placeholders were allowed. `steps_ms` is how long it
    took to `impose`, to `prepare` the images and put them there, and to `write` the pages."""

    pages: int
    placements: int
    size: int
    findings: tuple[Finding, ...]
    broken: tuple[ImageError, ...] = ()
    steps_ms: dict[str, float] = field(default_factory=dict, compare=False)


def render(
    request: RenderRequest,
    images: Images,
    sink: Sink,
    *,
    prepare: Prepare | None = None,
    progress: Progress | None = None,
    cancelled: Cancel | None = None,
    page: int | None = None,
    placeholders: bool = False,
    threads: int = THREADS,
    limits: Limits = limits.DEFAULT,
) -> Result:
    """Writes the whole document, or one `page` of it (from 0), to `sink`, which is never read or sought.

    `images` has a source for every digest in the request's deck. `prepare` may come from a cache; without one, images
    are prepared within `limits`. `progress` and `cancelled` are called for each card and each page. With
    `placeholders` a card that cannot be printed becomes a grey one and is listed in the result: for previews, never
    for print.

    Raises ImageError for a card that cannot be printed, Cancelled when asked to stop, RenderFault when what was
    written is not what was asked for. After any error the sink holds an unfinished document: throw it away.
    """
    times = [time.perf_counter()]
    whole = imposition.impose(request)
    times.append(time.perf_counter())
    plan = whole if page is None else whole.only(page)
    steps = _Steps(plan, progress, cancelled)
    looks: dict[TileSpec, Look] = {}
    make = prepare or Preparer(limits)
    forgiving = _Forgiving(make)
    document = Document(request, sink)
    made = _prepared(plan.tiles(), images, forgiving if placeholders else make, steps, threads)
    with closing(made) as tiles:
        for source, spec, tile in tiles:
            document.add_tile(spec, tile, source)
            if look := forgiving.error(spec) or tile.view:
                looks[spec] = look
            steps.card()
    times.append(time.perf_counter())
    for each in plan.pages:
        document.add_page(each)
        steps.page()
    _check(request, document, page, whole)
    size = document.finish()
    times.append(time.perf_counter())
    took = ((after - before) * 1000 for before, after in pairwise(times))
    findings = preflight.findings(request, images, looks)
    broken = forgiving.errors(plan.tiles())
    return Result(document.pages, document.placements, size, findings, broken, dict(zip(_STEPS, took, strict=True)))


@functools.cache
def environment() -> str:
    """What shapes the bytes beside a request: the libraries that encode, and the font. A part of every cache key."""
    names = ("zlib", "libjpeg_turbo", "littlecms2", "webp", "avif", "libtiff")
    codecs = [features.version(name) for name in names]
    return json.dumps([PIL.__version__, *codecs, zlib.ZLIB_RUNTIME_VERSION, reportlab.__version__, font.digest()])


def broken(
    request: RenderRequest,
    images: Images,
    *,
    prepare: Prepare | None = None,
    threads: int = THREADS,
    limits: Limits = limits.DEFAULT,
) -> tuple[ImageError, ...]:
    """Every image that cannot be printed, in the order of use. Prepares them all and writes nothing."""
    plan = imposition.impose(request)
    forgiving = _Forgiving(prepare or Preparer(limits))
    with closing(_prepared(plan.tiles(), images, forgiving, _Steps(plan, None, None), threads)) as tiles:
        deque(tiles, maxlen=0)
    return forgiving.errors(plan.tiles())


class _Forgiving:
    """A `prepare` that gives a placeholder for what cannot be printed, and remembers why."""

    def __init__(self, prepare: Prepare) -> None:
        self._prepare = prepare
        self._errors: dict[TileSpec, ImageError] = {}

    def __call__(self, source: ImageSource, spec: TileSpec) -> Tile:
        try:
            return self._prepare(source, spec)
        except ImageError as error:
            self._errors[spec] = error
            return artwork.placeholder(spec)

    def error(self, spec: TileSpec) -> ImageError | None:
        return self._errors.get(spec)

    def errors(self, specs: Iterable[TileSpec]) -> tuple[ImageError, ...]:
        return tuple(self._errors[spec] for spec in specs if spec in self._errors)


def _prepared(
    specs: Iterable[TileSpec], images: Images, prepare: Prepare, steps: _Steps, threads: int
) -> Generator[tuple[ImageSource, TileSpec, Tile], None, None]:
    """Tiles in order, made by a few threads that stay only a few tiles ahead: memory does not grow with the deck."""
    waiting: deque[tuple[ImageSource, TileSpec, Future[Tile]]] = deque()
    with ThreadPoolExecutor(threads, thread_name_prefix="cardmaker-artwork") as pool:
        try:
            for spec in specs:
                steps.check()
                source = images[spec.image]
                waiting.append((source, spec, pool.submit(prepare, source, spec)))
                if len(waiting) > 2 * threads:
                    yield _next(waiting)
            while waiting:
                steps.check()
                yield _next(waiting)
        finally:
            for _, _, future in waiting:
                future.cancel()


def _next(waiting: deque[tuple[ImageSource, TileSpec, Future[Tile]]]) -> tuple[ImageSource, TileSpec, Tile]:
    source, spec, future = waiting.popleft()
    return source, spec, future.result()


def _check(request: RenderRequest, document: Document, page: int | None, whole: Imposition) -> None:
    """The counts, reckoned apart from the imposition, before a document is finished."""
    _, pages, placements = imposition.count(request)
    if page is not None:
        pages, placements = 1, len(whole.pages[page].placements)
    if (document.pages, document.placements) != (pages, placements):
        raise RenderFault(
            f"made {document.pages} pages with {document.placements} card faces instead of {pages} with {placements}; "
            "nothing was kept; please report this"
        )


class _Steps:
    """Counts cards and pages, tells the caller, and stops when the caller wants it."""

    def __init__(self, plan: Imposition, progress: Progress | None, cancelled: Cancel | None) -> None:
        self._cards, self._pages = len(plan.tiles()), len(plan.pages)
        self._card = self._page = 0
        self._progress, self._cancelled = progress, cancelled

    def card(self) -> None:
        self._card += 1
        self._tell(f"card {self._card} of {self._cards}")

    def page(self) -> None:
        self._page += 1
        self._tell(f"page {self._page} of {self._pages}")

    def check(self) -> None:
        if self._cancelled and self._cancelled():
            raise Cancelled("cancelled; nothing was kept")

    def _tell(self, doing: str) -> None:
        if self._progress:
            self._progress((self._card + self._page) / (self._cards + self._pages), doing)
        self.check()
