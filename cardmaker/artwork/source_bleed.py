"""The bleed that an image brings: as it is given, or found by the image's aspect."""

from __future__ import annotations

import math
from dataclasses import dataclass

from cardmaker.spec import TileSpec
from cardmaker.units import format_number

# What MakePlayingCards asks for, 0.12 in, and so what shared card images have. Others cannot be told apart from it:
# 3 mm changes the aspect of a 63 x 88 mm card by 0.04 percent less.
USUAL_MM = 3.048
# Aspects that differ by less say nothing: a card of 745 x 1040 pixels cannot be drawn closer than a pixel.
_LEAST_DIFFERENCE = 0.005


@dataclass(frozen=True, slots=True)
class Detection:
    """`bleed_mm` on each side, and why, in words for the user without a name."""

    bleed_mm: float
    reason: str


def of(tile: TileSpec, image_width: int, image_height: int) -> float:
    """The source bleed of an image of that many pixels, in mm."""
    given = tile.settings.source_bleed_mm
    return detect(image_width, image_height, tile.width_mm, tile.height_mm).bleed_mm if given is None else given


def detect(image_width: int, image_height: int, width_mm: float, height_mm: float) -> Detection:
    """Whether an image of that many pixels is a card of that size, or one with the usual bleed around it.

    It is the latter when its aspect is nearer to that, and no further from it than half-way to the card's own.
    """
    full = width_mm + 2 * USUAL_MM, height_mm + 2 * USUAL_MM
    aspect, plain, bled = (math.log(x / y) for x, y in ((image_width, image_height), (width_mm, height_mm), full))
    pixels, card, larger = f"{image_width} x {image_height} pixels", _size(width_mm, height_mm), _size(*full)
    if abs(bled - plain) < _LEAST_DIFFERENCE:
        return Detection(0.0, f"is taken to carry no bleed: {card} and {larger} have nearly the same aspect")
    if abs(aspect - bled) < abs(bled - plain) / 2:
        reason = f"is taken to carry {format_number(USUAL_MM, 3)} mm of bleed"
        return Detection(USUAL_MM, f"{reason}: {pixels} are nearer to {larger} than to {card}")
    return Detection(0.0, f"is taken to carry no bleed: {pixels} have not the aspect of {larger}")


def _size(width_mm: float, height_mm: float) -> str:
    return f"{format_number(width_mm, 1)} x {format_number(height_mm, 1)} mm"
