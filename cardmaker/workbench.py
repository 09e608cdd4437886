"""The composition root: one `Workbench` per process, which pages and API talk to alone.

The core knows no cache: here `render` is handed a `prepare` that looks into it, and the whole document goes through it
once more. So a changed card costs one tile, a changed layout none, and the same document nothing at all.
"""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from enum import StrEnum

from cardmaker import cutfile, imposition, knobs, preflight, preview, render, samples
from cardmaker.artwork import Preparer, Tile, wire
from cardmaker.cache import Answer, Blob, BlobSink, Cache, Stats, Tier, Visit, cached
from cardmaker.cutfile import CutRequest, Fact
from cardmaker.deck import Artwork, assemble
from cardmaker.errors import ImageError, StoreError
from cardmaker.finding import Finding
from cardmaker.limits import Limits
from cardmaker.preview import Picture
from cardmaker.redis_client import RedisLink, Status
from cardmaker.render import Cancel, Images, Progress
from cardmaker.settings import Settings
from cardmaker.sheet import Sheet
from cardmaker.source import ImageSource
from cardmaker.spec import RENDER_VERSION, RenderRequest, TileSpec

__all__ = ["Cut", "CutKind", "Health", "Tier", "Watch", "Workbench", "shared"]

# Of what a full Redis may throw away: nothing, or what ends by itself anyway.
_KEEPING = ("volatile-", "noeviction")
_EVICTS = "Redis throws away what it likes when it is full ({policy}), tasks too; set maxmemory-policy volatile-lru"
_UNBOUNDED = "Redis has no maxmemory and may grow until its machine has no memory left; set one"

Prepare = Callable[[ImageSource, TileSpec], Tile]


@dataclass(frozen=True, slots=True)
class Watch:
    """How a caller follows a render, and stops it. No part of what is rendered."""

    progress: Progress | None = None
    cancelled: Cancel | None = None
    visit: Visit | None = None


@dataclass(frozen=True, slots=True)
class Health:
    """`reasons` say why it is degraded: something that was set up does not work. It serves all the same. `warnings` say
    what works and should be set up otherwise."""

    reasons: tuple[str, ...]
    redis: Status
    stats: Stats
    warnings: tuple[str, ...] = ()

    @property
    def is_ok(self) -> bool:
        return not self.reasons


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
        self.cache = Cache(self.settings, RENDER_VERSION, self.link)
        # Asking who else makes a tile would take longer than making it.
        self._tiles = cached(self.cache, "tile", _tile_key, is_shared=False, name_of=_tile_name)(self._tile_bytes)
        self._documents = cached(self.cache, "pdf", _document_key, name_of=_document_names)(self._render)

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
        self._fetch(imposition.impose(request).tiles(), visit, None)
        return render.broken(request, artwork.images, prepare=self._prepare(visit))

    def preflight(
        self, request: RenderRequest, artwork: Artwork, progress: Progress | None = None
    ) -> tuple[Finding, ...]:
        """Everything there is to say about the document and each of its images, without making it."""
        return preflight.check(request, artwork.images, inspect=self._preparer.inspect, progress=progress)

    def document(self, request: RenderRequest, artwork: Artwork, watch: Watch | None = None) -> Answer:
        """The whole document as a PDF, and how it came about. Raises ImageError for a card that cannot be printed."""
        visit = self.cache.visit()  # one for the document and its tiles: they share its time for Redis
        return self._documents.during(visit, request, artwork.images, replace(watch or Watch(), visit=visit))

    def picture(self, request: RenderRequest, artwork: Artwork, page: int, dpi: float) -> Picture:
        """One page (from 0) as a picture; cards that cannot be printed show as placeholders and are named."""
        visit = self.cache.visit()

        def prepare(source: ImageSource, spec: TileSpec, ppi: float | None) -> Tile:
            return self._tile(visit, source, spec, ppi)

        specs = imposition.impose(request).only(page).tiles()
        self._fetch(specs, visit, preview.proxy_ppi(dpi))
        return preview.picture(request, artwork.images, page, dpi=dpi, prepare=prepare)

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

    def health(self) -> Health:
        """Asks Redis, so that its recovery shows without other traffic."""
        status = self.cache.probe()
        reasons = (status.reason,) if status.reason else ()
        warnings = () if reasons else self._redis_warnings()
        return Health(reasons, status, self.cache.stats(survey=False), warnings)

    def _redis_warnings(self) -> tuple[str, ...]:
        try:
            told = self.link.memory_policy() if self.link else None
        except StoreError:
            return ()  # what it is away for, the next probe says
        if told is None:
            return ()
        policy, limit_bytes = told
        evicts = () if policy.startswith(_KEEPING) else (_EVICTS.format(policy=policy),)
        return evicts if limit_bytes else (*evicts, _UNBOUNDED)

    def _render(self, request: RenderRequest, images: Images, watch: Watch) -> Blob:
        visit, sink = watch.visit or self.cache.visit(), BlobSink()
        self._fetch(imposition.impose(request).tiles(), visit, None)
        render.render(
            request,
            images,
            sink,
            prepare=self._prepare(visit),
            progress=watch.progress,
            cancelled=watch.cancelled,
        )
        return sink.blob()

    def _fetch(self, specs: Iterable[TileSpec], visit: Visit, ppi: float | None) -> None:
        self.cache.fetch("tile", (_tile_digest(spec, ppi) for spec in specs), visit)

    def _prepare(self, visit: Visit) -> Prepare:
        return lambda source, spec: self._tile(visit, source, spec, None)

    def _tile_bytes(self, source: ImageSource, spec: TileSpec, ppi: float | None) -> bytes:
        return wire.dump(self._preparer(source, spec, ppi))

    def _tile(self, visit: Visit, source: ImageSource, spec: TileSpec, ppi: float | None) -> Tile:
        answer = self._tiles.during(visit, source, spec, ppi)
        try:
            return wire.load(bytes(answer.value))
        except wire.Unreadable:
            # Whole, and still no tile of this version: made by another one that called itself the same.
            self.cache.delete("tile", _tile_digest(spec, ppi))
            return self._preparer(source, spec, ppi)


@functools.cache
def shared() -> Workbench:
    """The one of this process, as the environment wants it. Raises SettingError."""
    return Workbench(Settings.from_environment())


def _limits(settings: Settings) -> Limits:
    return Limits(images_per_deck=settings.request_files, pixels_per_image=settings.image_pixels)


def _document_key(request: RenderRequest, images: Images, watch: Watch) -> str:  # noqa: ARG001
    return hashlib.sha256(f"{request.digest}:{render.environment()}".encode()).hexdigest()


def _document_names(request: RenderRequest, images: Images, watch: Watch) -> Callable[[str], str]:  # noqa: ARG001
    return lambda digest: images[digest].name


def _tile_key(source: ImageSource, spec: TileSpec, ppi: float | None) -> str:  # noqa: ARG001
    return _tile_digest(spec, ppi)


def _tile_name(source: ImageSource, spec: TileSpec, ppi: float | None) -> Callable[[str], str]:  # noqa: ARG001
    return lambda _: source.name


@functools.lru_cache(16_384)
def _tile_digest(spec: TileSpec, ppi: float | None) -> str:
    text = json.dumps([asdict(spec), ppi, render.environment()], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
