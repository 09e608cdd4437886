"""Fit, crop and bleed as geometry: where an image lies on its card, what of it shows, how far its edges are to be
continued. Lengths in mm from the trim's top-left corner, y down; no pixel is touched here."""

from __future__ import annotations

from dataclasses import dataclass

from cardmaker.artwork import source_bleed
from cardmaker.sheet import BLEED_OVERLAP_MM, Rect
from cardmaker.spec import Fit, TileSpec

_EPSILON_MM = 1e-6
# Of art that `contain` made small, a ring leaves this much on each side of the middle.
_MOST_OF_A_SIDE = 0.45


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle by its four sides, y down."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top

    def grown(self, x: float, y: float) -> Box:
        return Box(self.left - x, self.top - y, self.right + x, self.bottom + y)

    def within(self, other: Box) -> Box:
        return Box(
            max(self.left, other.left),
            max(self.top, other.top),
            min(self.right, other.right),
            min(self.bottom, other.bottom),
        )

    def rect(self) -> Rect:
        return Rect(self.left, self.top, self.width, self.height)


@dataclass(frozen=True, slots=True)
class Layout:
    """`image`: where the whole image lies; `shown`: the part of it that shows; `frame`: the art on the card, whose
    corners are round with `radius_mm`. What lies between `shown` and `reach` is continued from the edges of `shown`."""

    image: Box
    shown: Box
    frame: Box
    reach: Box
    radius_mm: float

    @property
    def left(self) -> bool:
        return self.shown.left - self.reach.left > _EPSILON_MM

    @property
    def top(self) -> bool:
        return self.shown.top - self.reach.top > _EPSILON_MM

    @property
    def right(self) -> bool:
        return self.reach.right - self.shown.right > _EPSILON_MM

    @property
    def bottom(self) -> bool:
        return self.reach.bottom - self.shown.bottom > _EPSILON_MM

    @property
    def needs_pixels(self) -> bool:
        """Whether anything is made of the image's pixels."""
        return self.left or self.top or self.right or self.bottom or self.radius_mm > 0


def lay_out(tile: TileSpec, image_width: int, image_height: int) -> Layout:
    """Lays an image of that many pixels (upright, and turned as the settings say) on the card."""
    art = tile.settings
    trim = Box(0.0, 0.0, tile.width_mm, tile.height_mm)
    bleed = max(art.bleed_mm or 0.0, art.outer_bleed_mm or 0.0)
    bleed += BLEED_OVERLAP_MM if bleed else 0.0
    ink = trim.grown(bleed, bleed)

    # Crop and source bleed are shares of each axis, whatever the image's size: what remains of the image is fitted.
    source = source_bleed.of(tile, image_width, image_height)
    crop_x, crop_y = art.crop_mm / tile.width_mm, art.crop_mm / tile.height_mm
    keep_x = tile.width_mm / (tile.width_mm + 2 * source) * (1 - 2 * crop_x)
    keep_y = tile.height_mm / (tile.height_mm + 2 * source) * (1 - 2 * crop_y)
    art_box = _fitted(trim, art.fit, image_width * keep_x, image_height * keep_y)
    image = art_box.grown(art_box.width * (1 / keep_x - 1) / 2, art_box.height * (1 / keep_y - 1) / 2)

    frame = art_box.within(trim)
    reach = _reach(frame, trim, ink)
    if art.extend_edges_mm:
        inside = min(art.extend_edges_mm, _MOST_OF_A_SIDE * frame.width, _MOST_OF_A_SIDE * frame.height)
        shown = frame.grown(-inside, -inside)
    else:
        # What crop removed must not come back as bleed; the source's own bleed and what `cover` overhangs may, except
        # into padding.
        shown = (art_box if art.crop_mm else image).within(reach)
    radius = min(art.fill_corners_mm, frame.width / 2, frame.height / 2)
    return Layout(image=image, shown=shown, frame=frame, reach=reach, radius_mm=radius)


def _fitted(trim: Box, fit: Fit, width: float, height: float) -> Box:
    """The box of that aspect that covers the trim or lies in it, centred; the trim itself when stretched."""
    if fit is Fit.STRETCH:
        return trim
    scales = (trim.width / width, trim.height / height)
    scale = max(scales) if fit is Fit.COVER else min(scales)
    # A side within a micrometre of the trim's is the trim's.
    spare_x, spare_y = (_snapped(trim.width - width * scale), _snapped(trim.height - height * scale))
    return trim.grown(-spare_x / 2, -spare_y / 2)


def _reach(frame: Box, trim: Box, ink: Box) -> Box:
    """The ink's box, but the frame's sides on an axis where `contain` leaves white."""
    padded_x, padded_y = frame.left - trim.left > _EPSILON_MM, frame.top - trim.top > _EPSILON_MM
    return Box(
        frame.left if padded_x else ink.left,
        frame.top if padded_y else ink.top,
        frame.right if padded_x else ink.right,
        frame.bottom if padded_y else ink.bottom,
    )


def _snapped(spare: float) -> float:
    return 0.0 if abs(spare) < _EPSILON_MM else spare
