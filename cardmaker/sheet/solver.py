"""Paper + card + marks -> the sheet that holds the most cards."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from cardmaker import catalog
from cardmaker.catalog import Paper
from cardmaker.errors import LayoutError, SettingError
from cardmaker.sheet.model import (
    BLEED_OVERLAP_MM,
    BORDERLESS_INSET_MM,
    DEFAULT_INSET_MM,
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
from cardmaker.sheet.naming import own_name, template_name
from cardmaker.units import format_number

# What the cutting software takes.
INSET_RANGE_MM = (10.0, 86.36)
THICKNESS_RANGE_MM = (0.5, 1.0)
LENGTH_RANGE_MM = (5.0, 20.0)


@dataclass(frozen=True, slots=True)
class Grid:
    orientation: Orientation
    columns: int
    rows: int


def solve(options: SheetOptions) -> Sheet:
    """The sheet that holds the most cards; on a tie the landscape one, then the one with more columns.

    Raises SettingError for a mark out of its range, LayoutError (saying what does not fit) when no grid is valid.
    """
    inset = _inset(options)
    grids = [grid for orientation in Orientation for grid in _grids(options, orientation, inset)]
    if not grids:
        raise LayoutError(_misfit(options, inset))
    best = max(grids, key=lambda g: (g.columns * g.rows, g.orientation is Orientation.LANDSCAPE, g.columns))
    return _sheet(options, best, inset)


def specialty(name: str, options: SheetOptions | None = None) -> Sheet:
    """The specialty sheet of that name, its grid fixed; marks, inset and radius as in `options`."""
    known = catalog.specialty(name)
    given = options or SheetOptions(known.paper, known.card)
    options = SheetOptions(
        known.paper,
        known.card,
        Variant.DEFAULT,
        given.marks,
        given.inset_mm,
        given.thickness_mm,
        given.length_mm,
        given.corner_radius_mm,
        given.registration_orientation,
    )
    inset = _inset(options)
    grid = Grid(Orientation(known.orientation), known.columns, known.rows)
    if grid not in list(_grids(options, grid.orientation, inset)):
        raise LayoutError(
            f"{known.name} has {known.columns} x {known.rows} cards, which does not fit an inset of "
            f"{format_number(inset)} mm; lower the inset"
        )
    return _sheet(options, grid, inset)


def _grids(options: SheetOptions, orientation: Orientation, inset: float) -> Iterator[Grid]:
    """Every grid that lies inside the inset and leaves the marks' corner zones free on at least one axis."""
    page_width, page_height = _page(options.paper, orientation)
    card = options.card
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


def _sheet(options: SheetOptions, grid: Grid, inset: float) -> Sheet:
    card = options.card
    width, height = _page(options.paper, grid.orientation)
    x0 = (width - grid.columns * card.width_mm - (grid.columns - 1) * GAP_MM) / 2
    y0 = (height - grid.rows * card.height_mm - (grid.rows - 1) * GAP_MM) / 2
    slots = tuple(
        Slot(
            row * grid.columns + column,
            row,
            column,
            Rect(
                x0 + column * (card.width_mm + GAP_MM),
                y0 + row * (card.height_mm + GAP_MM),
                card.width_mm,
                card.height_mm,
            ),
        )
        for row in range(grid.rows)
        for column in range(grid.columns)
    )
    recommended = _recommended_length(x0 - inset, y0 - inset)
    marks = _marks(options, grid.orientation, inset, recommended)
    _check_arms(marks, x0 - inset, y0 - inset)
    as_published = marks == _marks(
        SheetOptions(options.paper, card),
        grid.orientation,
        _inset(replace(options, inset_mm=None)),
        recommended,
    )
    radius = _radius(options)
    return Sheet(
        paper=options.paper,
        card=card,
        variant=options.variant,
        orientation=grid.orientation,
        width_mm=width,
        height_mm=height,
        columns=grid.columns,
        rows=grid.rows,
        gap_mm=GAP_MM,
        corner_radius_mm=radius,
        marks=marks,
        slots=slots,
        layout_name=(as_published and template_name(options, radius))
        or own_name(options, (width, height), (grid.columns, grid.rows), marks, radius),
    )


def _marks(options: SheetOptions, page: Orientation, inset: float, recommended_mm: float) -> Marks:
    length = recommended_mm if options.length_mm is None else options.length_mm
    _check_range("mark length", length, LENGTH_RANGE_MM)
    _check_range("mark thickness", options.thickness_mm, THICKNESS_RANGE_MM)
    orientation = options.registration_orientation or page
    drawn = _corners(options.marks, turned=orientation is not page)
    return Marks(options.marks, inset, options.thickness_mm, length, orientation, drawn)


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


def _inset(options: SheetOptions) -> float:
    if options.variant is Variant.BORDERLESS:
        if options.inset_mm not in (None, BORDERLESS_INSET_MM):
            raise SettingError(
                f"the borderless variant has its marks {BORDERLESS_INSET_MM} mm from the edge; "
                "choose the default variant to set an inset"
            )
        return BORDERLESS_INSET_MM
    inset = DEFAULT_INSET_MM if options.inset_mm is None else options.inset_mm
    _check_range("mark inset", inset, INSET_RANGE_MM)
    return inset


def _radius(options: SheetOptions) -> float:
    card = options.card
    if options.corner_radius_mm is None:
        return card.radius_mm
    if card.circle:
        raise SettingError("a circle has no corner radius; leave it out or choose a rectangular card")
    _check_range("corner radius", options.corner_radius_mm, (0.0, min(card.width_mm, card.height_mm) / 2))
    return options.corner_radius_mm


def _check_range(what: str, value: float, limits: tuple[float, float]) -> None:
    low, high = limits
    if not low - EPSILON_MM <= value <= high + EPSILON_MM:
        raise SettingError(
            f"{what}: {format_number(value)} mm is out of range; it goes from {format_number(low)} to "
            f"{format_number(high)} mm"
        )


def _misfit(options: SheetOptions, inset: float) -> str:
    card, paper = options.card, options.paper
    room = (paper.width_mm - 2 * inset, paper.height_mm - 2 * inset)
    size = f"a {format_number(card.width_mm)} x {format_number(card.height_mm)} mm card ({card.name})"
    where = f"{paper.name} ({format_number(paper.width_mm)} x {format_number(paper.height_mm)} mm)"
    inside = f"{format_number(room[0])} x {format_number(room[1])} mm inside the {format_number(inset)} mm inset"
    sides, rooms = sorted((card.width_mm, card.height_mm)), sorted(room)
    if sides[0] <= rooms[0] and sides[1] <= rooms[1]:
        return f"{size} fits {where} only where the registration marks need their quiet zone; choose a larger paper"
    return f"{size} does not fit {where}: there are {inside}; choose a larger paper or a smaller card"
