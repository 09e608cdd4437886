"""What there is to see over the picture of a page, beside its ink: where it will be cut, how far the bleed reaches,
what the scanner needs left white.

Lengths in mm from the page's top-left corner, y down. All of it comes from the request's own imposition, so a back lies
where it will be printed. Slots are called by their numbers on the front: on a back, the slot behind them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from cardmaker import imposition, label, margin
from cardmaker.imposition import Page, Placement
from cardmaker.sheet import BLEED_OVERLAP_MM, Rect, Sheet, Slot
from cardmaker.spec import MarksOn, RenderRequest, Side

# What laser printers commonly leave white; inkjets reach further on most sides.
PRINTER_MARGIN_MM = 4.2


@dataclass(frozen=True, slots=True)
class Place:
    """A slot as it lies on this page. `bleed` is where its card's ink may reach: touching rectangles, none where the
    place is empty."""

    slot: int
    row: int
    column: int
    trim: Rect
    skipped: bool
    bleed: tuple[Rect, ...]


@dataclass(frozen=True, slots=True)
class Overlay:
    """The shapes over one page. `places` are in the order of their slots; `printable` is what a printer with that
    margin reaches. `mirrors_rows` tells how the other side of the paper lies behind this one: with its rows mirrored,
    else its columns."""

    side: Side
    width_mm: float
    height_mm: float
    corner_radius_mm: float
    places: tuple[Place, ...]
    quiet_zones: tuple[Rect, ...]
    printable: Rect
    mirrors_rows: bool

    def as_json(self) -> dict[str, object]:
        """As plain values, rounded to 0.1 µm. Rectangles are x, y, width, height."""
        return {
            "side": self.side.value,
            "width": _rounded(self.width_mm),
            "height": _rounded(self.height_mm),
            "radius": _rounded(self.corner_radius_mm),
            "places": [
                {
                    "slot": place.slot,
                    "row": place.row,
                    "column": place.column,
                    "trim": _rect_json(place.trim),
                    "skipped": place.skipped,
                    "bleed": [_rect_json(rect) for rect in place.bleed],
                }
                for place in self.places
            ],
            "quiet": [_rect_json(rect) for rect in self.quiet_zones],
            "printable": _rect_json(self.printable),
            "mirrorsRows": self.mirrors_rows,
        }


def over(request: RenderRequest, page: int, printer_margin_mm: float = PRINTER_MARGIN_MM) -> Overlay:
    """The shapes over the page of that index, from 0. IndexError if there is none."""
    sheet = request.sheet
    (laid,) = imposition.impose(request).only(page).pages
    is_marked = request.printing.marks_on in (MarksOn.BOTH, laid.side.value)
    width, height = sheet.width_mm, sheet.height_mm
    room = max(0.0, min(printer_margin_mm, width / 2, height / 2))
    return Overlay(
        side=laid.side,
        width_mm=width,
        height_mm=height,
        corner_radius_mm=sheet.corner_radius_mm,
        places=tuple(_places(request, laid, _kept_off(request, laid, is_marked=is_marked))),
        quiet_zones=tuple(sheet.quiet_zone(mark.corner) for mark in sheet.marks.drawn) if is_marked else (),
        printable=Rect(room, room, width - 2 * room, height - 2 * room),
        mirrors_rows=imposition.back_slot(sheet, sheet.slots[0], request.printing.flip)[1],
    )


def _places(request: RenderRequest, page: Page, zones: Sequence[Rect]) -> Iterator[Place]:
    placements = {placement.slot.index: placement for placement in page.placements}
    for front in request.sheet.slots:
        slot = _lying(request, front, page.side)
        placed = placements.get(slot.index)
        bleed = _bleed(request.sheet, placed, zones) if placed else ()
        skipped = front.index in request.printing.skip
        yield Place(front.index, slot.row, slot.column, slot.trim, skipped, bleed)


def _lying(request: RenderRequest, front: Slot, side: Side) -> Slot:
    if side is Side.FRONT:
        return front
    return imposition.back_slot(request.sheet, front, request.printing.flip)[0]


def _bleed(sheet: Sheet, placement: Placement, zones: Sequence[Rect]) -> tuple[Rect, ...]:
    parts = margin.area(sheet, placement.slot, placement.tile.settings, zones)
    if parts is not None:
        return parts
    trim, bleed = placement.slot.trim, placement.tile.settings.bleed_mm or 0.0
    by = bleed + BLEED_OVERLAP_MM if bleed else 0.0
    return (Rect(trim.x_mm - by, trim.y_mm - by, trim.width_mm + 2 * by, trim.height_mm + 2 * by),)


def _kept_off(request: RenderRequest, page: Page, *, is_marked: bool) -> tuple[Rect, ...]:
    """What outer bleed keeps off on that page."""
    zones = margin.mark_zones(request.sheet) if is_marked else ()
    if not request.printing.label or page.side is Side.BACK:
        return zones
    words = label.place(request, label.text_for(request, page.sheet, page.sheets))
    return (*zones, label.band(request.sheet, words)) if words else zones


def _rect_json(rect: Rect) -> list[float]:
    return [_rounded(value) for value in (rect.x_mm, rect.y_mm, rect.width_mm, rect.height_mm)]


def _rounded(mm: float) -> float:
    return round(mm, 4) + 0.0
