"""What is known of an image once it has been read: plain values that a cache can keep, without any name."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import cast

from PIL import Image

from cardmaker.artwork.placement import Box, Layout
from cardmaker.sheet import Rect
from cardmaker.spec import TileSpec

# A border of more pixels was drawn on purpose.
LONGEST_LINE_PX = 3
# Of 255: how far a line's mean colour is from that of what lies inside, and how alike the rows inside are.
_STRONG, _ALIKE = 64, 24
_INSIDE_PX = 3
_EPSILON_MM = 1e-3
# Round corners of cards are smaller.
_CORNER_MM = 8.0


class Conversion(StrEnum):
    """How the colours came to sRGB, where they were something else."""

    NONE = ""
    PROFILE = "profile"
    CMYK = "cmyk"
    CMYK_PROFILE = "cmyk-profile"
    HDR = "hdr"


class Transparency(StrEnum):
    """Where an image lets through what lies behind; printed, that is white."""

    NONE = ""
    CORNERS = "corners"
    ELSEWHERE = "elsewhere"


@dataclass(frozen=True, slots=True)
class Edges:
    """The image along the trim: left, top, right, bottom. `luma` is the outermost pixels' mean brightness, 0 to 255;
    `lines_px` how thick an odd line lies there, 0 for none. A side that does not reach the trim is white."""

    luma: tuple[int, int, int, int]
    lines_px: tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class ImageFacts:
    """Width and height as the image is shown, upright and turned as the settings say. `edges` is None where the
    pixels were not needed."""

    kind: str
    width_px: int
    height_px: int
    has_more_frames: bool = False
    conversion: Conversion = Conversion.NONE
    transparency: Transparency = Transparency.NONE
    edges: Edges | None = None


@dataclass(frozen=True, slots=True)
class View:
    """An image on its card: `area` is where all of it would lie, in mm from the trim's top-left corner."""

    facts: ImageFacts
    area: Rect


def edges_of(pixels: Image.Image, layout: Layout, spec: TileSpec, *, reduced: bool = False) -> Edges:
    """`pixels` are turned as they are shown, in mode L or RGB; `reduced` when they are fewer than the image's."""
    trim = Box(0.0, 0.0, spec.width_mm, spec.height_mm)
    part = layout.shown.within(trim)
    left, top, right, bottom = _pixel_box(part, layout.image, pixels.size)
    depth = LONGEST_LINE_PX + _INSIDE_PX
    across, down = min(depth, right - left), min(depth, bottom - top)
    sides = (
        (layout.frame.left - trim.left, (left, top, left + across, bottom), False),
        (layout.frame.top - trim.top, (left, top, right, top + down), False),
        (trim.right - layout.frame.right, (right - across, top, right, bottom), True),
        (trim.bottom - layout.frame.bottom, (left, bottom - down, right, bottom), True),
    )
    seen = [
        _side(pixels.crop(cut), lying=i % 2 == 1, inward=inward) if gap < _EPSILON_MM else (255, 0)
        for i, (gap, cut, inward) in enumerate(sides)
    ]
    lumas, lines = (tuple(values) for values in zip(*seen, strict=True))
    # Real bleed goes on beyond the trim, and a reduced picture has no lines of single pixels.
    beyond = (
        layout.shown.left < trim.left - _EPSILON_MM,
        layout.shown.top < trim.top - _EPSILON_MM,
        layout.shown.right > trim.right + _EPSILON_MM,
        layout.shown.bottom > trim.bottom + _EPSILON_MM,
    )
    told = tuple(0 if real or reduced else line for line, real in zip(lines, beyond, strict=True))
    four = tuple[int, int, int, int]
    return Edges(cast(four, lumas), cast(four, told))


def transparency_of(veil: Image.Image | None, layout: Layout, spec: TileSpec) -> Transparency:
    """Where paper shows through what the card shows of an image with that alpha (turned as it is shown), beside the
    corners that are filled."""
    if veil is None:
        return Transparency.NONE
    trim = Box(0.0, 0.0, spec.width_mm, spec.height_mm)
    seen = veil.crop(_pixel_box(layout.shown.within(trim), layout.image, veil.size))
    per_mm = veil.width / layout.image.width
    opaque = round(layout.radius_mm * per_mm)
    if opaque:
        _cover_corners(seen, opaque)
    if seen.getextrema() == (255, 255):
        return Transparency.NONE
    _cover_corners(seen, round(_CORNER_MM * per_mm))
    return Transparency.CORNERS if seen.getextrema() == (255, 255) else Transparency.ELSEWHERE


def _cover_corners(veil: Image.Image, side: int) -> None:
    for x in (0, veil.width - side):
        for y in (0, veil.height - side):
            veil.paste(255, (x, y, x + side, y + side))


def _side(band: Image.Image, *, lying: bool, inward: bool) -> tuple[int, int]:
    """Brightness of the outermost row and thickness of an odd line, of the few rows along one side."""
    means = [*_row_means(band, lying=lying)]
    if inward:
        means.reverse()
    return _luma(means[0]), _line(means)


def _row_means(band: Image.Image, *, lying: bool) -> list[tuple[int, ...]]:
    rows = band.reduce((band.width, 1) if lying else (1, band.height))
    samples, channels = rows.tobytes(), len(rows.getbands())
    return [tuple(samples[i : i + channels]) for i in range(0, len(samples), channels)]


def _line(means: list[tuple[int, ...]]) -> int:
    """How many rows differ strongly from those inside, which are alike."""
    for thickness in range(1, LONGEST_LINE_PX + 1):
        inside = means[thickness:]
        if len(inside) < _INSIDE_PX:
            return 0
        if _far(means[thickness - 1], inside[0]) >= _STRONG:
            return thickness if all(_far(row, inside[0]) <= _ALIKE for row in inside) else 0
    return 0


def _far(one: tuple[int, ...], other: tuple[int, ...]) -> int:
    return max(abs(a - b) for a, b in zip(one, other, strict=True))


def _luma(colour: tuple[int, ...]) -> int:
    """Rec. 601, as Pillow reckons it."""
    return colour[0] if len(colour) == 1 else (299 * colour[0] + 587 * colour[1] + 114 * colour[2]) // 1000


def _pixel_box(part: Box, image: Box, size: tuple[int, int]) -> tuple[int, int, int, int]:
    """The whole pixels that `part` touches, at least one each way; right and bottom exclusive."""
    left, right = _span(part.left - image.left, part.right - image.left, image.width, size[0])
    top, bottom = _span(part.top - image.top, part.bottom - image.top, image.height, size[1])
    return left, top, right, bottom


def _span(start_mm: float, end_mm: float, whole_mm: float, whole_px: int) -> tuple[int, int]:
    start = min(max(round(start_mm / whole_mm * whole_px), 0), whole_px - 1)
    return start, min(max(round(end_mm / whole_mm * whole_px), start + 1), whole_px)
