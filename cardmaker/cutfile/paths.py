"""What the blade follows: one closed contour for each slot.

Lengths in mm, origin at the printed page's top-left, y down, as in the `Sheet`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cardmaker.sheet import Rect, Sheet
from cardmaker.spec import check_skip

# What is shorter is none: two corners meet where a side is, and two sides where a corner's radius is.
_SHORTEST_MM = 0.001


@dataclass(frozen=True, slots=True)
class Vertex:
    """A point of a contour. From an `arc` one, a quarter circle leads to the next, else a straight line."""

    x_mm: float
    y_mm: float
    arc: bool


@dataclass(frozen=True, slots=True)
class Contour:
    """The cut of one slot: a rectangle with round corners, or a circle, whose `radius_mm` is half its side."""

    slot: int
    trim: Rect
    radius_mm: float
    circle: bool

    @property
    def centre_mm(self) -> tuple[float, float]:
        return self.trim.x_mm + self.trim.width_mm / 2, self.trim.y_mm + self.trim.height_mm / 2

    def vertices(self) -> tuple[Vertex, ...]:
        """Once around counter-clockwise as seen on the page, from the left side's upper end; no side without length."""
        trim, r = self.trim, self.radius_mm
        left, top, right, bottom = trim.x_mm, trim.y_mm, trim.right_mm, trim.bottom_mm
        if r < _SHORTEST_MM:
            corners = ((left, top), (left, bottom), (right, bottom), (right, top))
            return tuple(Vertex(x, y, arc=False) for x, y in corners)
        high = trim.height_mm - 2 * r >= _SHORTEST_MM
        wide = trim.width_mm - 2 * r >= _SHORTEST_MM
        every = (
            (Vertex(left, top + r, arc=False), high),
            (Vertex(left, bottom - r, arc=True), True),
            (Vertex(left + r, bottom, arc=False), wide),
            (Vertex(right - r, bottom, arc=True), True),
            (Vertex(right, bottom - r, arc=False), high),
            (Vertex(right, top + r, arc=True), True),
            (Vertex(right - r, top, arc=False), wide),
            (Vertex(left + r, top, arc=True), True),
        )
        return tuple(vertex for vertex, there in every if there)


def contours(sheet: Sheet, leave_out: frozenset[int] = frozenset()) -> tuple[Contour, ...]:
    """The contours in the order of the slots, without those to leave out. Raises LayoutError for a slot that is not
    there, or when none is left."""
    check_skip(sheet, leave_out)
    radius, circle = sheet.corner_radius_mm, sheet.card.circle
    return tuple(Contour(s.index, s.trim, radius, circle) for s in sheet.slots if s.index not in leave_out)


def anchors(sheet: Sheet, leave_out: frozenset[int] = frozenset()) -> Iterator[tuple[float, float]]:
    """Opposite corners of the whole grid, top-left and bottom-right, where the contours that remain do not reach all
    of its sides; none where they do. What keeps these points keeps the middle of the file in the middle of the page."""
    remaining = [slot for slot in sheet.slots if slot.index not in leave_out]
    rows, columns = {slot.row for slot in remaining}, {slot.column for slot in remaining}
    if {0, sheet.rows - 1} <= rows and {0, sheet.columns - 1} <= columns:
        return
    first, last = sheet.slots[0].trim, sheet.slots[-1].trim
    yield first.x_mm, first.y_mm
    yield last.right_mm, last.bottom_mm
