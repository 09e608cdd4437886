"""Where ink may lie beyond the sheet's outer cards: as far as asked, but clear of the marks and the label.

Lengths in mm from the page's top-left corner, y down.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from cardmaker.sheet import BLEED_OVERLAP_MM, QUIET_ZONE_MM, Mark, Rect, Sheet, Slot
from cardmaker.spec import ArtworkSettings

# White beside an arm of a mark.
_CLEAR_OF_ARMS_MM = 1.0


def mark_zones(sheet: Sheet) -> tuple[Rect, ...]:
    """What outer bleed keeps off: each mark's quiet zone and arms, and all that lies between those and the page's
    edges."""
    return tuple(zone for mark in sheet.marks.drawn for zone in _zones(sheet, mark))


def area(sheet: Sheet, slot: Slot, settings: ArtworkSettings, zones: Sequence[Rect]) -> tuple[Rect, ...] | None:
    """The rectangles in which a card on that slot may print, touching and without overlap; None when its bleed is the
    same on all sides. `zones` are kept off by what reaches beyond the bleed between cards."""
    bleed, outer = settings.bleed_mm or 0.0, settings.outer_bleed_mm or 0.0
    if outer == bleed:
        return None
    inner = bleed + BLEED_OVERLAP_MM if bleed else 0.0
    is_outer = (slot.column == 0, slot.row == 0, slot.column == sheet.columns - 1, slot.row == sheet.rows - 1)
    trim, page = slot.trim, Rect(0.0, 0.0, sheet.width_mm, sheet.height_mm)
    box = _within(_grown(trim, [outer if is_outer[side] else inner for side in range(4)]), page)
    return tuple(_without(box, [zone for zone in zones if _meet(zone, box)], _grown(trim, [inner] * 4)))


def _zones(sheet: Sheet, mark: Mark) -> Iterator[Rect]:
    marks, corner = sheet.marks, mark.corner
    beside = marks.inset_mm + marks.thickness_mm / 2 + _CLEAR_OF_ARMS_MM
    along = marks.inset_mm + marks.length_mm + _CLEAR_OF_ARMS_MM
    quiet = marks.inset_mm + QUIET_ZONE_MM
    for width, height in ((quiet, quiet), *(((along, beside), (beside, along)) if not mark.square else ())):
        x = 0.0 if corner.is_left else sheet.width_mm - width
        y = 0.0 if corner.is_top else sheet.height_mm - height
        yield Rect(x, y, width, height)


def _without(box: Rect, zones: Sequence[Rect], always: Rect) -> Iterator[Rect]:
    """The box without the zones, but with what of it lies in `always`, as rows of rectangles."""
    if not zones:
        yield box
        return
    cuts = (*zones, always)
    xs = _steps((box.x_mm, box.right_mm), (side for cut in cuts for side in (cut.x_mm, cut.right_mm)))
    ys = _steps((box.y_mm, box.bottom_mm), (side for cut in cuts for side in (cut.y_mm, cut.bottom_mm)))
    for top, bottom in pairwise(ys):
        start = math.nan
        for left, right in (*pairwise(xs), (xs[-1], xs[-1])):
            cell = Rect(left, top, right - left, bottom - top)
            free = right > left and (_meet(cell, always) or not any(_meet(cell, zone) for zone in zones))
            if free and math.isnan(start):
                start = left
            elif not free and not math.isnan(start):
                yield Rect(start, top, left - start, bottom - top)
                start = math.nan


def _steps(ends: tuple[float, float], cuts: Iterable[float]) -> list[float]:
    first, last = ends
    return sorted({first, last, *(cut for cut in cuts if first < cut < last)})


def _meet(one: Rect, other: Rect) -> bool:
    """Whether they share more than an edge."""
    across = min(one.right_mm, other.right_mm) - max(one.x_mm, other.x_mm)
    down = min(one.bottom_mm, other.bottom_mm) - max(one.y_mm, other.y_mm)
    return across > 0 and down > 0


def _grown(rect: Rect, by: Sequence[float]) -> Rect:
    """By so much on the left, at the top, on the right and at the bottom."""
    left, top, right, bottom = by
    return Rect(rect.x_mm - left, rect.y_mm - top, rect.width_mm + left + right, rect.height_mm + top + bottom)


def _within(rect: Rect, other: Rect) -> Rect:
    x, y = max(rect.x_mm, other.x_mm), max(rect.y_mm, other.y_mm)
    return Rect(x, y, min(rect.right_mm, other.right_mm) - x, min(rect.bottom_mm, other.bottom_mm) - y)
