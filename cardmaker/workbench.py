"""The composition root: one `Workbench` per process, which pages and API talk to alone."""

from __future__ import annotations

import io
from collections.abc import Sequence

from cardmaker import cutfile, imposition, knobs, limits, preflight, preview, render, samples
from cardmaker.artwork import Preparer
from cardmaker.cutfile import CutRequest, Fact
from cardmaker.deck import Artwork, assemble
from cardmaker.errors import ImageError
from cardmaker.finding import Finding
from cardmaker.limits import Limits
from cardmaker.preview import Picture
from cardmaker.render import Progress
from cardmaker.sheet import Sheet
from cardmaker.source import ImageSource
from cardmaker.spec import RenderRequest


class Workbench:
    """Decks in, documents and pictures out. Safe to share between threads; holds no user's state. All that it does at
    the same time stays within `limits` together."""

    def __init__(self, limits: Limits = limits.DEFAULT) -> None:
        self._limits = limits
        self._prepare = Preparer(limits)

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
        return render.broken(request, artwork.images, prepare=self._prepare)

    def preflight(
        self, request: RenderRequest, artwork: Artwork, progress: Progress | None = None
    ) -> tuple[Finding, ...]:
        """Everything there is to say about the document and each of its images, without making it."""
        return preflight.check(request, artwork.images, inspect=self._prepare.inspect, progress=progress)

    def pdf(self, request: RenderRequest, artwork: Artwork, progress: Progress | None = None) -> bytes:
        """The whole document. Raises ImageError for a card that cannot be printed."""
        sink = io.BytesIO()
        render.render(request, artwork.images, sink, prepare=self._prepare, progress=progress)
        return sink.getvalue()

    def picture(self, request: RenderRequest, artwork: Artwork, page: int, dpi: float) -> Picture:
        """One page (from 0) as a picture; cards that cannot be printed show as placeholders and are named."""
        return preview.picture(request, artwork.images, page, dpi=dpi, prepare=self._prepare)

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
