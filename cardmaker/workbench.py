"""The composition root: one `Workbench` per process, which pages and API talk to alone.

The core knows no cache: here `render` is handed a `prepare` that looks into it, and the whole document goes through it
once more. So a changed card costs one tile, a changed layout none, and the same document nothing at all.
"""

from __future__ import annotations

import functools
import hashlib
import json
import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from cardmaker import (
    access,
    checkup,
    contact,
    cutfile,
    imposition,
    knobs,
    metrics,
    moment,
    moving,
    offset,
    overlay,
    page_images,
    preflight,
    preview,
    project,
    render,
    samples,
)
from cardmaker.archive import is_archive, unpack
from cardmaker.artwork import Preparer
from cardmaker.cache import Answer, Blob, BlobSink, Cache, Tier, Visit, cached
from cardmaker.checkup import Health
from cardmaker.cutfile import CutRequest, Fact
from cardmaker.deck import Artwork, Place, arrange, assemble
from cardmaker.errors import ImageError, StoreError
from cardmaker.finding import Findings
from cardmaker.inspection import Inspection, Inspector
from cardmaker.limits import Limits
from cardmaker.making import Maker, Making
from cardmaker.metrics import view
from cardmaker.metrics.redis_store import RedisStore
from cardmaker.metrics.view import Report, Stretch
from cardmaker.moment import Moment
from cardmaker.operations import Operations
from cardmaker.overlay import Overlay
from cardmaker.pdf.stream import Sink
from cardmaker.preview import Picture
from cardmaker.project import Project
from cardmaker.proof import Proof
from cardmaker.redis_client import RedisLink
from cardmaker.render import Cancel, Images, Progress
from cardmaker.settings import Settings
from cardmaker.sheet import Sheet
from cardmaker.source import ImageSource
from cardmaker.spec import RENDER_VERSION, RenderRequest
from cardmaker.tasks import Queue, State, Task, crew
from cardmaker.tasks.crew import RESULTS, Crew
from cardmaker.tasks.job import Incompatible, Job
from cardmaker.tasks.record import new_id
from cardmaker.tasks.runner import Runner
from cardmaker.thumbnails import Thumbnails
from cardmaker.tiles import Tiles

__all__ = [
    "Cut",
    "CutKind",
    "Health",
    "Moment",
    "Operations",
    "Queue",
    "State",
    "Task",
    "Tier",
    "Watch",
    "Workbench",
    "document_digest",
    "shared",
]

# A deck shows itself in a notebook.
Artwork.contact = contact.sheet


@dataclass(frozen=True, slots=True)
class Watch:
    """How a caller follows a render, and stops it; `writer` is who computes it instead of this thread. No part of what
    is rendered."""

    progress: Progress | None = None
    cancelled: Cancel | None = None
    visit: Visit | None = None
    writer: Callable[[Sink], object] | None = None


class CutKind(StrEnum):
    DXF = "dxf"
    SVG = "svg"


@dataclass(frozen=True, slots=True)
class Cut:
    """A cut file, and the name to save it by."""

    content: bytes
    name: str


class Workbench:
    """Decks in, documents and pictures out. Safe to share between threads; holds no user's state. All that it does at
    the same time stays within `limits` together."""

    def __init__(self, settings: Settings | None = None, limits: Limits | None = None) -> None:
        self.settings = settings or Settings()
        self._limits = limits or _limits(self.settings)
        self._preparer = Preparer(self._limits)
        self.link = RedisLink(self.settings) if self.settings.has_redis else None
        store = RedisStore(self.link) if self.link else None
        self._shared_metrics = store
        self.metrics = metrics.Recorder(store, self.settings.metrics_flush_s)
        if self.link is not None:
            self.link.on_opening = _opening(weakref.WeakMethod(self.metrics.event))
        self.cache = Cache(self.settings, RENDER_VERSION, self.link, recorder=self.metrics)
        self._tiles = Tiles(self.cache, self._preparer)
        self._thumbnails = Thumbnails(self.cache, self._preparer)
        self._inspector = Inspector(self._preparer)
        self._maker = Maker()
        self._documents = cached(self.cache, RESULTS, _document_key, name_of=_document_names)(self._render)

    def sample(self) -> Artwork:
        """A small deck drawn by our own code, for a first look."""
        return samples.deck()

    def deck(
        self,
        fronts: Sequence[ImageSource],
        back: ImageSource | None = None,
        backs: Sequence[ImageSource] = (),
    ) -> Artwork:
        """A deck of uploads. Raises DeckError."""
        return assemble(fronts, back, backs, limits=self._limits)

    def arranged(self, places: Sequence[Place], back: ImageSource | None = None) -> Artwork:
        """A deck of cards as a person laid them. Raises DeckError."""
        return arrange(places, back, self._limits)

    def is_archive(self, source: ImageSource) -> bool:
        """Whether it is a ZIP of images, by its name."""
        return is_archive(source.name)

    def unpack(self, archive: ImageSource) -> Sequence[ImageSource]:
        """The images of a ZIP. Raises ImageError."""
        return unpack(archive, self._limits)

    def is_project(self, source: ImageSource) -> bool:
        """Whether it is a saved project, and no ZIP of plain images."""
        return project.is_project(source)

    def open_project(self, source: ImageSource) -> Project:
        """Whole, or not at all. Raises ProjectError."""
        return project.read(source, self._limits)

    def check_project(self, wanted: Project) -> None:
        """Raises ProjectError for one that is too large to be saved."""
        project.check(wanted, self._limits)

    def save_project(self, wanted: Project) -> bytes:
        """The file that opens again as this project. Raises ProjectError or ImageError."""
        return project.write(wanted, self._limits)

    def thumbnails(
        self, sources: Sequence[ImageSource], progress: Progress | None = None
    ) -> dict[str, bytes | ImageError]:
        """Small upright JPEGs, by the images' digests; for one that cannot be printed, why."""
        return self._thumbnails.of(sources, progress)

    def sheet(self, settings: knobs.Settings) -> Sheet:
        """The sheet that the settings name. Raises SettingError or LayoutError."""
        return knobs.sheet_from(settings)

    def request(self, artwork: Artwork, settings: knobs.Settings) -> RenderRequest:
        """A checked request. Raises SettingError or LayoutError."""
        return knobs.request_from(artwork.deck, settings)

    def counts(self, request: RenderRequest) -> tuple[int, int, int]:
        """Sheets of paper, pages and placements of the document."""
        return imposition.count(request)

    def broken(self, request: RenderRequest, artwork: Artwork) -> tuple[ImageError, ...]:
        """The images that cannot be printed, in the deck's order, found without making a document."""
        visit = self.cache.visit()
        self._tiles.fetch(imposition.impose(request).tiles(), visit)
        return render.broken(request, artwork.images, prepare=self._tiles.preparing(visit))

    def preflight(self, request: RenderRequest, artwork: Artwork, progress: Progress | None = None) -> Findings:
        """Everything there is to say about the document and each of its images, without making it."""
        return Findings(preflight.check(request, artwork.images, inspect=self._preparer.inspect, progress=progress))

    def inspection(self, request: RenderRequest, artwork: Artwork) -> Inspection:
        """The same in the background, unless there is little to look at."""
        return self._inspector.begin(request, artwork)

    def place_of(self, request: RenderRequest, artwork: Artwork, name: str) -> tuple[int, int] | None:
        """The page (from 0) and the slot where the card of a finding lies first."""
        return preflight.place_of(request, artwork.images, name)

    def document(self, request: RenderRequest, artwork: Artwork, watch: Watch | None = None) -> Answer:
        """The whole document as a PDF, and how it came about. Raises ImageError for a card that cannot be printed."""
        watch = watch or Watch()
        visit = self.cache.visit(watch.cancelled)  # one for the document and its tiles: they share its time for Redis
        return self._documents.during(visit, request, artwork.images, replace(watch, visit=visit))

    def proof(self, request: RenderRequest, artwork: Artwork) -> Proof:
        """The document as a notebook shows it: its first pages and a line of facts. Raises ImageError."""
        return Proof(request, self.document(request, artwork))

    def write(self, request: RenderRequest, artwork: Artwork, sink: Sink, watch: Watch | None = None) -> None:
        """The whole document to a sink, computed here and now; only its tiles are kept."""
        self._write(request, artwork.images, sink, watch or Watch())

    def picture(self, request: RenderRequest, artwork: Artwork, page: int, dpi: float) -> Picture:
        """One page (from 0) as a picture; cards that cannot be printed show as placeholders and are named."""
        start = time.perf_counter()
        visit = self.cache.visit()
        specs = imposition.impose(request).only(page).tiles()
        self._tiles.fetch(specs, visit, preview.proxy_ppi(dpi))
        prepare = functools.partial(self._tiles.get, visit)
        found = preview.picture(request, artwork.images, page, dpi=dpi, prepare=prepare)
        self.metrics.took("preview", (time.perf_counter() - start) * 1000)
        return found

    def page_images(
        self,
        request: RenderRequest,
        artwork: Artwork,
        dpi: int,
        progress: Progress | None = None,
        cancelled: Cancel | None = None,
    ) -> bytes:
        """A ZIP with all pages as PNGs. Raises SettingError, ImageError for a card that cannot be printed, and
        Cancelled."""
        page_images.check(request, dpi)
        pdf = bytes(self.document(request, artwork, Watch(cancelled=cancelled)).value)
        return page_images.archive(request, pdf, dpi, progress, cancelled)

    def begin_page_images(self, request: RenderRequest, artwork: Artwork, dpi: int) -> Making:
        """The same in the background."""
        return self._maker.begin(functools.partial(self.page_images, request, artwork, dpi))

    def overlay(self, request: RenderRequest, page: int) -> Overlay:
        """What there is to see over the picture of that page (from 0) beside its ink."""
        return overlay.over(request, page)

    # -- tasks --

    @functools.cached_property
    def crew(self) -> Crew:
        """Who makes long documents in the background."""
        return crew.assemble(self.settings, self._limits, self.link, self.cache, self.perform)

    @property
    def runner(self) -> Runner:
        return self.crew.runner

    def watch_over(self) -> None:
        """Looks after tasks of processes that are gone, from now on. For apps; workers do so anyway."""
        if self.crew.reaper is not None:
            self.crew.reaper.start(also=self._report)

    def close(self) -> None:
        """Ends what runs in the background. Local tasks that are not done are lost, and say so."""
        if "crew" in vars(self):
            self.crew.close()
        self._inspector.close()
        self._maker.close()
        self.metrics.close()
        if self.link is not None:
            self.link.close()

    def is_long(self, request: RenderRequest) -> bool:
        """Whether the document takes so long that it is better made as a task."""
        return len(imposition.impose(request).tiles()) >= self.settings.task_from_cards and not self.cache.has(
            RESULTS, document_digest(request)
        )

    def submit(self, artwork: Artwork, settings: knobs.Settings, *, queue: Queue | None = None) -> Task:
        """Makes the document in the background; the task that does, which may be one that did. Without a `queue`, large
        decks let others pass. Raises InputError, and StoreError where tasks go through a Redis that takes none."""
        request = self.request(artwork, settings)
        pdf, names = document_digest(request), [card.name for card in artwork.deck.cards]
        # Errors are told by names, so decks that differ in them are tasks of their own; they are rendered once.
        digest = hashlib.sha256(json.dumps([pdf, names]).encode()).hexdigest()
        _, pages, _ = imposition.count(request)
        is_bulk = len(artwork.deck.cards) >= self.settings.task_bulk_cards
        task = Task(
            id=new_id(),
            digest=digest,
            pdf=pdf,
            queue=queue or (Queue.BULK if is_bulk else Queue.INTERACTIVE),
            runner=self.settings.runner,
            title=request.printing.title,
            layout=request.sheet.layout_name,
            cards=len(artwork.deck),
            pages=pages,
        )
        return self.runner.submit(task, Job(artwork, settings))

    def task(self, task_id: str) -> Task:
        """Raises UnknownTask, also for what is no id at all."""
        return self.runner.get(task_id)

    def tasks(self, most: int = 50) -> tuple[Task, ...]:
        """The newest first, of everyone on the same Redis."""
        return self.runner.list(most)

    def cancel(self, task_id: str) -> Task:
        return self.runner.cancel(task_id)

    def retry(self, task_id: str) -> Task:
        """A new task for one that did not come to its end. Raises TaskError."""
        return self.runner.retry(task_id)

    def result(self, task_id: str) -> Blob:
        """The document of a task. Raises TaskError while there is none, TaskGone when it is no longer kept."""
        return self.runner.result(task_id)

    def now_s(self) -> float | None:
        """By the clock that tasks go by; None while its Redis is away."""
        try:
            return self.link.seconds() if self.link else time.time()
        except StoreError:
            return None

    def wait(self, task_id: str, timeout_s: float) -> Task:
        """The task once it is over, or as it is then."""
        return self.runner.wait(task_id, timeout_s)

    def perform(
        self,
        task: Task,
        job: Job,
        progress: Progress,
        cancelled: Cancel,
        writer: Callable[[Sink], object] | None = None,
    ) -> Answer:
        """The document of a task. Raises Incompatible when the task was made by another version."""
        request = self.request(job.artwork, job.settings)
        if document_digest(request) != task.pdf:
            raise Incompatible("this task was made by another version of Cardmaker; submit it again")
        return self.document(request, job.artwork, Watch(progress, cancelled, writer=writer))

    # -- beside the document --

    def advice(self, request: RenderRequest, *, leave_out: bool = False) -> tuple[Fact, ...]:
        """What to type and to do at the cutting machine for that document, as the settings card says it."""
        return cutfile.advice(CutRequest.of(request, leave_out=leave_out))

    def settings_card(self, request: RenderRequest, *, leave_out: bool = False) -> bytes:
        """The same as a PDF of one page. `leave_out` as in the cut file that goes with it."""
        return cutfile.settings_card(CutRequest.of(request, leave_out=leave_out))

    def dxf(self, request: RenderRequest, *, leave_out: bool = False) -> bytes:
        """The cut file; with `leave_out` skipped slots are not cut."""
        return cutfile.dxf(request.sheet, request.printing.skip, leave_out)

    def svg(self, request: RenderRequest, *, leave_out: bool = False) -> bytes:
        """The same as SVG."""
        return cutfile.svg(request.sheet, request.printing.skip, leave_out)

    def cut(self, settings: knobs.Settings, kind: CutKind, *, leave_out: bool = False) -> Cut:
        """The cut file of the sheet that the settings name, without a deck. Settings of the artwork are checked, and
        change nothing. Raises SettingError or LayoutError."""
        sheet, skip = knobs.sheet_from(settings), knobs.printing_from(settings).skip
        knobs.artwork_from(settings)
        make = {CutKind.DXF: cutfile.dxf, CutKind.SVG: cutfile.svg}[kind]
        return Cut(make(sheet, skip, leave_out), f"{sheet.layout_name}.{kind}")

    def moved(self, pdf: bytes, settings: Mapping[str, object], cancelled: Cancel = lambda: False) -> tuple[bytes, int]:
        """An existing PDF with its pages moved, and how many it has. Raises SettingError, DocumentError, Busy or
        Cancelled."""
        return moving.moved(pdf, offset.offset_from(settings), cancelled)

    # -- for the operator --

    @property
    def operations(self) -> Operations:
        submit = functools.partial(_submitted, self)
        return Operations(self.cache, self.link, self.metrics, submit, self.cancel)

    def admits(self, token: str, address: str, headers: Mapping[str, str]) -> bool:
        """Whether this is the operator, by a token or by where the request comes from."""
        return access.admits(self.settings, token, address, headers)

    def moment(self) -> Moment:
        """How things stand now, for everyone on the same Redis."""
        return moment.look(self.link, self.crew)

    def report(self, stretch: Stretch, *, compare: bool = False) -> Report:
        """What was recorded in that stretch of time by everyone on the same Redis; without one, or while it is away,
        by this process alone. `compare` asks for each point of the stretch before, too."""
        self.metrics.flush()
        return view.report(stretch, self.metrics.series, self._shared_metrics, compare=compare)

    def health(self) -> Health:
        """Asks Redis, so that its recovery shows without other traffic."""
        recent = functools.partial(view.recent, self.metrics.series, self._shared_metrics)
        return checkup.examine(self.settings, self.link, self.cache, self.crew, recent)

    def _report(self) -> None:
        """That this app is there, and what Redis threw away since somebody last looked. Raises StoreError."""
        self.crew.report()
        if self._shared_metrics is not None and self.link is not None and (told := self.link.memory()):
            gone = self._shared_metrics.newly_evicted(told.run, told.evicted)
            if gone:
                self.metrics.add("redis_evicted", gone)
                self.metrics.event("evicted", f"Redis was full and threw away {gone} keys")

    def _render(self, request: RenderRequest, images: Images, watch: Watch) -> Blob:
        sink = BlobSink()
        if watch.writer is not None:
            watch.writer(sink)
        else:
            self._write(request, images, sink, watch)
        return sink.blob()

    def _write(self, request: RenderRequest, images: Images, sink: Sink, watch: Watch) -> None:
        visit = watch.visit or self.cache.visit(watch.cancelled)
        self._tiles.fetch(imposition.impose(request).tiles(), visit)
        made = render.render(
            request,
            images,
            sink,
            prepare=self._tiles.preparing(visit),
            progress=watch.progress,
            cancelled=watch.cancelled,
        )
        for step, ms in made.steps_ms.items():
            self.metrics.took(f"render_{step}", ms)


@functools.cache
def shared() -> Workbench:
    """The one of this process, as the environment wants it. Raises SettingError."""
    workbench = Workbench(Settings.from_environment())
    workbench.watch_over()
    return workbench


def document_digest(request: RenderRequest) -> str:
    """Of all that shapes the document's bytes; the cache keeps it under this."""
    return hashlib.sha256(f"{request.digest}:{render.environment()}".encode()).hexdigest()


def _opening(event: weakref.WeakMethod[Callable[[str, str], None]]) -> Callable[[str], None]:
    """Notes each opening of the breaker; weakly, since the recorder has the link, too."""

    def note(reason: str) -> None:
        if (found := event()) is not None:
            found("breaker", reason)

    return note


def _submitted(workbench: Workbench, artwork: Artwork, settings: knobs.Settings, queue: Queue) -> Task:
    return workbench.submit(artwork, settings, queue=queue)


def _limits(settings: Settings) -> Limits:
    return Limits(images_per_deck=settings.request_files, pixels_per_image=settings.image_pixels)


def _document_key(request: RenderRequest, images: Images, watch: Watch) -> str:  # noqa: ARG001
    return document_digest(request)


def _document_names(request: RenderRequest, images: Images, watch: Watch) -> Callable[[str], str]:  # noqa: ARG001
    return lambda digest: images[digest].name
