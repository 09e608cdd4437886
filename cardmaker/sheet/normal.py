"""Options in the one form that every way of asking for a geometry comes to.

Lengths lie on whole tenths of a micrometre, which is what a layout's name can say and far below what a machine can
cut; sizes of the catalogue carry its names, however they were asked for; a square whose corners take all of its sides
is a circle; where no marks are drawn, their thickness, length and orientation are the plain ones.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

from cardmaker import catalog
from cardmaker.catalog import DEFAULT_RADIUS_MM, CardSize, Paper
from cardmaker.errors import SettingError
from cardmaker.sheet.limits import INSET_RANGE_MM, LENGTH_RANGE_MM, THICKNESS_RANGE_MM, check_range
from cardmaker.sheet.model import (
    BORDERLESS_INSET_MM,
    DEFAULT_INSET_MM,
    DEFAULT_THICKNESS_MM,
    EPSILON_MM,
    MarkKind,
    Orientation,
    SheetOptions,
    Variant,
)
from cardmaker.units import format_number

# Decimals of a millimetre that tell two geometries apart.
DECIMALS = 4


@dataclass(frozen=True, slots=True)
class Wanted:
    """Options with nothing left open but what the grid decides: a `length_mm` or `orientation` of None means as the
    layout has it."""

    paper: Paper
    card: CardSize
    variant: Variant
    marks: MarkKind
    inset_mm: float
    thickness_mm: float
    length_mm: float | None
    radius_mm: float
    orientation: Orientation | None


def normal(options: SheetOptions) -> Wanted:
    """The options in their one form. Raises SettingError for a length out of its range."""
    card, radius = _card(options)
    check_range("mark thickness", options.thickness_mm, THICKNESS_RANGE_MM)
    if options.length_mm is not None:
        check_range("mark length", options.length_mm, LENGTH_RANGE_MM)
    drawn = options.marks is not MarkKind.NONE
    return Wanted(
        paper=_paper(options.paper),
        card=card,
        variant=options.variant,
        marks=options.marks,
        inset_mm=_inset(options),
        thickness_mm=_rounded(options.thickness_mm) if drawn else DEFAULT_THICKNESS_MM,
        length_mm=_rounded(options.length_mm) if drawn and options.length_mm is not None else None,
        radius_mm=radius,
        orientation=options.registration_orientation if drawn else None,
    )


def as_specialty(wanted: Wanted, orientation: Orientation, columns: int, rows: int) -> Wanted:
    """The same with the specialty sheet's card where it is that sheet's geometry, however it was asked for."""
    for known in catalog.specialties().values():
        same_card = _same_size(known.card, wanted.card)
        same_grid = (known.orientation, known.columns, known.rows) == (orientation, columns, rows)
        if known.paper == wanted.paper and wanted.variant is Variant.DEFAULT and same_card and same_grid:
            return replace(wanted, card=known.card)
    return wanted


def own_inset_mm(variant: Variant) -> float:
    return BORDERLESS_INSET_MM if variant is Variant.BORDERLESS else DEFAULT_INSET_MM


def _paper(given: Paper) -> Paper:
    height, width = sorted((_rounded(given.width_mm), _rounded(given.height_mm)))
    custom = catalog.custom_paper(width, height)
    return next((p for p in catalog.papers().values() if _sides(p) == _sides(custom)), custom)


def _card(options: SheetOptions) -> tuple[CardSize, float]:
    """The card and the radius of its corners."""
    given, radius = options.card, options.corner_radius_mm
    if given.circle:
        if radius is not None:
            raise SettingError("a circle has no corner radius; leave it out or choose a rectangular card")
        return _circle(_rounded(given.width_mm))
    size = CardSize("", _rounded(given.width_mm), _rounded(given.height_mm), DEFAULT_RADIUS_MM)
    most = min(size.width_mm, size.height_mm) / 2
    radius = given.radius_mm if radius is None else radius
    check_range("corner radius", radius, (0.0, most))
    # Not rounded up beyond half the card.
    radius = min(_rounded(radius), _floor(most))
    if size.width_mm == size.height_mm and radius == _floor(most):
        return _circle(size.width_mm)
    known = (c for c in catalog.cards().values() if _same_size(c, size))
    return next(known, None) or catalog.custom_card(size.width_mm, size.height_mm), radius


def _circle(diameter: float) -> tuple[CardSize, float]:
    custom = catalog.custom_circle(diameter)
    card = next((c for c in catalog.cards().values() if _same_size(c, custom)), custom)
    return card, card.radius_mm


def _inset(options: SheetOptions) -> float:
    if options.variant is Variant.BORDERLESS:
        if options.inset_mm not in (None, BORDERLESS_INSET_MM):
            raise SettingError(
                f"the borderless variant has its marks {BORDERLESS_INSET_MM} mm from the edge; "
                "choose the default variant to set an inset"
            )
        return BORDERLESS_INSET_MM
    inset = DEFAULT_INSET_MM if options.inset_mm is None else options.inset_mm
    check_range("mark inset", inset, INSET_RANGE_MM)
    return _rounded(inset)


def _same_size(one: CardSize, other: CardSize) -> bool:
    return _sides(one) == _sides(other) and one.circle == other.circle


def _sides(size: Paper | CardSize) -> tuple[float, float]:
    return _rounded(size.width_mm), _rounded(size.height_mm)


def _rounded(mm: float) -> float:
    return round(mm, DECIMALS) + 0.0  # -0.0 is 0.0


def _floor(mm: float) -> float:
    return _rounded(math.floor((mm + EPSILON_MM) * 10**DECIMALS) / 10**DECIMALS)


def number(mm: float) -> str:
    """A length as names write it."""
    return format_number(mm, DECIMALS)
