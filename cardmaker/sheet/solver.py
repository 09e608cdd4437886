"""Paper + card + marks -> the sheet that holds the most cards."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from cardmaker import catalog
from cardmaker.catalog import Paper
from cardmaker.errors import LayoutError, SettingError
from cardmaker.sheet.limits import LENGTH_RANGE_MM
from cardmaker.sheet.model import (
    BLEED_OVERLAP_MM,
    EPSILON_MM,
    GAP_MM,
    QUIET_ZONE_MM,
    Corner,
    Mark,
    MarkKind,
    Marks,
    Orientation,
    Rect,
    Sheet,
    SheetOptions,
    Slot,
    Variant,
)
from cardmaker.sheet.naming import layout_name
from cardmaker.sheet.normal import Wanted, as_specialty, normal, own_inset_mm
from cardmaker.units import format_number

# A length that a name or a person could not write closer to the recommended one.
_SAME_LENGTH_MM = 0.5e-4 + EPSILON_MM


@dataclass(frozen=True, slots=True)
class Grid:
    orientation: Orientation
    columns: int
    rows: int


def solve(options: SheetOptions) -> Sheet:
    """The sheet that holds the most cards; on a tie the landscape one, then the one with more columns.

    Raises SettingError for a length out of its range, LayoutError (saying what does not fit) when no grid is valid.
    """
    wanted = normal(options)
    grids = [grid for orientation in Orientation for grid in _grids(wanted, orientation)]
    if not grids:
        raise LayoutError(_misfit(wanted))
    best = max(grids, key=lambda g: (g.columns * g.rows, g.orientation is Orientation.LANDSCAPE, g.columns))
    return _sheet(wanted, best)


def specialty(name: str, options: SheetOptions | None = None) -> Sheet:
    """The specialty sheet of that name, its grid fixed; marks, inset and radius as in `options`."""
    known = catalog.specialty(name)
    given = options or SheetOptions(known.paper, known.card)
    radius = known.card.radius_mm if given.corner_radius_mm is None else given.corner_radius_mm
    wanted = normal(
        SheetOptions(
            known.paper,
            known.card,
            Variant.DEFAULT,
            given.marks,
            given.inset_mm,
            given.thickness_mm,
            given.length_mm,
            radius,
            given.registration_orientation,
        )
    )
    grid = Grid(Orientation(known.orientation), known.columns, known.rows)
    if grid not in list(_grids(wanted, grid.orientation)):
        raise LayoutError(
            f"{known.name} has {known.columns} x {known.rows} cards, which does not fit an inset of "
            f"{format_number(wanted.inset_mm)} mm; lower the inset"
        )
    return _sheet(wanted, grid)


def _grids(wanted: Wanted, orientation: Orientation) -> Iterator[Grid]:
    """Every grid that lies inside the inset and leaves the marks' corner zones free on at least one axis."""
    page_width, page_height = _page(wanted.paper, orientation)
    card, inset = wanted.card, wanted.inset_mm
    for columns in range(1, _most(page_width - 2 * inset, card.width_mm) + 1):
        for rows in range(1, _most(page_height - 2 * inset, card.height_mm) + 1):
            # The grid with one gap around it must clear the corner zone.
            clear_x = (page_width - columns * (card.width_mm + GAP_MM) - GAP_MM) / 2 - inset
            clear_y = (page_height - rows * (card.height_mm + GAP_MM) - GAP_MM) / 2 - inset
            if max(clear_x, clear_y) >= QUIET_ZONE_MM - EPSILON_MM:
                yield Grid(orientation, columns, rows)


def _most(room: float, side: float) -> int:
    return max(0, int((room + GAP_MM + EPSILON_MM) // (side + GAP_MM)))


def _page(paper: Paper, orientation: Orientation) -> tuple[float, float]:
    if orientation is Orientation.LANDSCAPE:
        return paper.width_mm, paper.height_mm
    return paper.height_mm, paper.width_mm


def _sheet(wanted: Wanted, grid: Grid) -> Sheet:
    wanted = as_specialty(wanted, grid.orientation, grid.columns, grid.rows)
    width, height = _page(wanted.paper, grid.orientation)
    slots = tuple(_slots(wanted, grid, width, height))
    first = slots[0].trim
    clear_x, clear_y = first.x_mm - wanted.inset_mm, first.y_mm - wanted.inset_mm
    recommended = _recommended_length(clear_x, clear_y)
    marks = _marks(wanted, grid.orientation, recommended)
    _check_arms(marks, clear_x, clear_y)
    return Sheet(
        paper=wanted.paper,
        card=wanted.card,
        variant=wanted.variant,
        orientation=grid.orientation,
        width_mm=width,
        height_mm=height,
        columns=grid.columns,
        rows=grid.rows,
        gap_mm=GAP_MM,
        corner_radius_mm=wanted.radius_mm,
        marks=marks,
        slots=slots,
        layout_name=layout_name(wanted, grid.orientation, marks, recommended),
    )


def _slots(wanted: Wanted, grid: Grid, page_width: float, page_height: float) -> Iterator[Slot]:
    """Row by row, centred on the page."""
    width, height = wanted.card.width_mm, wanted.card.height_mm
    x0 = (page_width - grid.columns * width - (grid.columns - 1) * GAP_MM) / 2
    y0 = (page_height - grid.rows * height - (grid.rows - 1) * GAP_MM) / 2
    for row in range(grid.rows):
        for column in range(grid.columns):
            trim = Rect(x0 + column * (width + GAP_MM), y0 + row * (height + GAP_MM), width, height)
            yield Slot(row * grid.columns + column, row, column, trim)


def _marks(wanted: Wanted, page: Orientation, recommended_mm: float) -> Marks:
    length = wanted.length_mm
    if length is None or abs(length - recommended_mm) < _SAME_LENGTH_MM:
        length = recommended_mm
    orientation = wanted.orientation or page
    drawn = _corners(wanted.marks, turned=orientation is not page)
    return Marks(wanted.marks, wanted.inset_mm, wanted.thickness_mm, length, orientation, drawn)


def _recommended_length(clear_x: float, clear_y: float) -> float:
    """From the distances between a mark's lines and the first card: the arms end one gap before it."""
    low, high = LENGTH_RANGE_MM
    return min(max(max(clear_x, clear_y) - GAP_MM, low), high)


def _check_arms(marks: Marks, clear_x: float, clear_y: float) -> None:
    """SettingError when an arm would run into a card: where a card starts at the arm's own line, it must end before."""
    bleed = GAP_MM / 2 + BLEED_OVERLAP_MM
    reach = bleed + marks.thickness_mm / 2
    most = min(clear_y - bleed if clear_x < reach else math.inf, clear_x - bleed if clear_y < reach else math.inf)
    if marks.drawn and marks.length_mm > most + EPSILON_MM:
        raise SettingError(
            f"mark length: {format_number(marks.length_mm)} mm would run into the cards; "
            f"this layout takes at most {format_number(math.floor((most + EPSILON_MM) * 10) / 10, 1)} mm"
        )


def _corners(kind: MarkKind, *, turned: bool) -> tuple[Mark, ...]:
    """Three: a square top-left, Ls top-right and bottom-left. Turned: the same, a quarter counter-clockwise,
    so that a sheet turned clockwise into the machine shows them as always."""
    if kind is MarkKind.NONE:
        return ()
    if kind is MarkKind.FOUR:
        return tuple(Mark(corner, square=False) for corner in Corner)
    square, *arms = (
        (Corner.BOTTOM_LEFT, Corner.TOP_LEFT, Corner.BOTTOM_RIGHT)
        if turned
        else (Corner.TOP_LEFT, Corner.TOP_RIGHT, Corner.BOTTOM_LEFT)
    )
    return (Mark(square, square=True), *(Mark(corner, square=False) for corner in arms))


def _misfit(wanted: Wanted) -> str:
    card, paper, inset = wanted.card, wanted.paper, wanted.inset_mm
    room = (paper.width_mm - 2 * inset, paper.height_mm - 2 * inset)
    size = f"a {format_number(card.width_mm)} x {format_number(card.height_mm)} mm card ({card.name})"
    where = f"{paper.name} ({format_number(paper.width_mm)} x {format_number(paper.height_mm)} mm)"
    inside = f"{format_number(room[0])} x {format_number(room[1])} mm inside the {format_number(inset)} mm inset"
    sides, rooms = sorted((card.width_mm, card.height_mm)), sorted(room)
    if sides[0] <= rooms[0] and sides[1] <= rooms[1]:
        return f"{size} fits {where} only where the registration marks need their quiet zone; choose a larger paper"
    ways = "a larger paper or a smaller card"
    if inset > own_inset_mm(wanted.variant):
        ways = "a smaller inset, a larger paper or a smaller card"
    return f"{size} does not fit {where}: there are {inside}; choose {ways}"
