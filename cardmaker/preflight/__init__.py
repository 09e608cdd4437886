"""Preflight: everything that can be said about a document before it is printed, with numbers.

Errors stop the print, warnings and notes do not. The same findings come out of `render`, as far as it had to look at
the images, and out of `check`, which looks at all of them and makes no document.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor

from cardmaker import imposition, label, limits
from cardmaker.artwork import Preparer, View
from cardmaker.errors import Cancelled, ImageError
from cardmaker.finding import Finding, Severity
from cardmaker.limits import Limits
from cardmaker.preflight import faces
from cardmaker.preflight.request import about
from cardmaker.sheet import Slot
from cardmaker.source import ImageSource
from cardmaker.spec import RenderRequest, Side, TileSpec

__all__ = ["about", "check", "early", "findings", "place_of"]

Images = Mapping[str, ImageSource]
# How an image lies on its card, or why it cannot be printed.
Look = View | ImageError
Inspect = Callable[[ImageSource, TileSpec], View]
Progress = Callable[[float, str], object]
Cancel = Callable[[], bool]

# Pillow's codecs release the interpreter, so two threads decode at once.
THREADS = 2


def check(
    request: RenderRequest,
    images: Images,
    *,
    limits: Limits = limits.DEFAULT,
    inspect: Inspect | None = None,
    progress: Progress | None = None,
    cancelled: Cancel | None = None,
    threads: int = THREADS,
) -> tuple[Finding, ...]:
    """Looks at every image that will be printed and makes no document. An image that cannot be printed is a finding
    of severity error; what `render` would refuse, this says, and sometimes more, since it decodes them all.

    `inspect` may come from a cache. `progress` is told each image. Raises Cancelled.
    """
    look = inspect or Preparer(limits).inspect
    specs = imposition.impose(request).tiles()

    def seen(spec: TileSpec) -> Look:
        if cancelled and cancelled():
            raise Cancelled("cancelled")
        try:
            return look(images[spec.image], spec)
        except ImageError as error:
            return error

    looks: dict[TileSpec, Look] = {}
    with ThreadPoolExecutor(threads, thread_name_prefix="cardmaker-preflight") as pool:
        for spec, found in zip(specs, pool.map(seen, specs), strict=True):
            looks[spec] = found
            if progress:
                progress(len(looks) / len(specs), f"image {len(looks)} of {len(specs)}")
    return findings(request, images, looks)


def findings(request: RenderRequest, images: Images, looks: Mapping[TileSpec, Look]) -> tuple[Finding, ...]:
    """All findings about the request, then those about each card that was looked at: fronts in the deck's order, each
    with its own back, then the common back. Names come from this deck alone, so that what was learned of an image may
    be shared by decks that call it something else."""
    about_faces = (found for name, spec in _faces(request, images) for found in _about_face(name, spec, looks))
    return tuple(dict.fromkeys((*early(request), *about_faces)))


def early(request: RenderRequest) -> tuple[Finding, ...]:
    """Those that need no image."""
    sheets, _, _ = imposition.count(request)
    return (*about(request), *label.findings(request, sheets))


def place_of(request: RenderRequest, images: Images, name: str) -> tuple[int, int] | None:
    """The first page (from 0) and slot where the card lies that findings call so; None when it is not printed. Slots
    are called by their numbers on the front."""
    specs = {spec for called, spec in _faces(request, images) if called == name}
    for index, page in enumerate(imposition.impose(request).pages):
        for placement in page.placements:
            if placement.tile in specs:
                return index, _number(request, page.side, placement.slot)
    return None


def _number(request: RenderRequest, side: Side, slot: Slot) -> int:
    if side is Side.FRONT:
        return slot.index
    fronts = {imposition.back_slot(request.sheet, each, request.printing.flip)[0]: each for each in request.sheet.slots}
    return fronts[slot].index


def _faces(request: RenderRequest, images: Images) -> Iterator[tuple[str, TileSpec]]:
    common: dict[TileSpec, str] = {}
    for card in request.deck.cards:
        if not card.quantity:
            continue
        yield card.name or images[card.front].name, request.front(card)
        back = request.back(card)
        # With settings of its own a back has to be told from the others.
        own = f" (behind {card.name})" if card.back_changes and card.name else ""
        if back and card.back:
            yield images[card.back].name + own, back
        elif back:
            common.setdefault(back, images[back.image].name + own)
    yield from ((name, spec) for spec, name in common.items())


def _about_face(name: str, spec: TileSpec, looks: Mapping[TileSpec, Look]) -> Iterator[Finding]:
    look = looks.get(spec)
    if isinstance(look, ImageError):
        # The error names the first file of that content; the card may come from another.
        mended = ImageError(name, look.reason)
        yield Finding(look.code, str(mended), card=name, severity=Severity.ERROR)
    elif look:
        yield from faces.about(name, spec, look)
