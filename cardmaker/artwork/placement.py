"""Fit, crop and bleed as geometry: where an image lies on its card, what of it shows, which edges need a
bleed made for them. Lengths in mm from the trim's top-left corner, y down; no pixel is touched here."""

from __future__ import annotations

from dataclasses import dataclass

from cardmaker.sheet import BLEED_OVERLAP_MM, Rect
from cardmaker.spec import Fit, TileSpec

_EPSILON_MM = 1e-6


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
    """`image`: where the whole image lies; `shown`: the part of it that shows; `ink`: trim with its bleed.
    The four flags say which edges of `shown` are continued outward to the end of `ink`."""

    image: Box
    shown: Box
    ink: Box
    left: bool
    top: bool
    right: bool
    bottom: bool


def lay_out(tile: TileSpec, image_width: int, image_height: int) -> Layout:
    """Lays an image of that many pixels (upright, after its EXIF orientation) on the card."""
    art = tile.settings
    trim = Box(0.0, 0.0, tile.width_mm, tile.height_mm)
    bleed = (art.bleed_mm or 0.0) + (BLEED_OVERLAP_MM if art.bleed_mm else 0.0)
    ink = trim.grown(bleed, bleed)

    # Crop and source bleed are shares of each axis, whatever the image's size: what remains of the image is fitted.
    source = art.source_bleed_mm
    crop_x, crop_y = art.crop_mm / tile.width_mm, art.crop_mm / tile.height_mm
    keep_x = tile.width_mm / (tile.width_mm + 2 * source) * (1 - 2 * crop_x)
    keep_y = tile.height_mm / (tile.height_mm + 2 * source) * (1 - 2 * crop_y)
    art_box = _fitted(trim, art.fit, image_width * keep_x, image_height * keep_y)
    image = art_box.grown(art_box.width * (1 / keep_x - 1) / 2, art_box.height * (1 / keep_y - 1) / 2)

    # What crop removed must not come back as bleed; the source's own bleed and what `cover` overhangs may.
    usable = art_box if art.crop_mm else _without_bleed_in_padding(image, art_box, trim)
    shown = usable.within(ink)
    return Layout(
        image=image,
        shown=shown,
        ink=ink,
        left=_continues(shown.left - ink.left, trim.left - shown.left),
        top=_continues(shown.top - ink.top, trim.top - shown.top),
        right=_continues(ink.right - shown.right, shown.right - trim.right),
        bottom=_continues(ink.bottom - shown.bottom, shown.bottom - trim.bottom),
    )


def _fitted(trim: Box, fit: Fit, width: float, height: float) -> Box:
    """The box of that aspect that covers the trim or lies in it, centred; the trim itself when stretched."""
    if fit is Fit.STRETCH:
        return trim
    scales = (trim.width / width, trim.height / height)
    scale = max(scales) if fit is Fit.COVER else min(scales)
    # A side within a micrometre of the trim's is the trim's.
    spare_x, spare_y = (_snapped(trim.width - width * scale), _snapped(trim.height - height * scale))
    return trim.grown(-spare_x / 2, -spare_y / 2)


def _without_bleed_in_padding(image: Box, art_box: Box, trim: Box) -> Box:
    """The image, but only the art on an axis where that leaves white (`contain`): its bleed would lie on the card."""
    padded_x, padded_y = art_box.left > trim.left, art_box.top > trim.top
    return Box(
        art_box.left if padded_x else image.left,
        art_box.top if padded_y else image.top,
        art_box.right if padded_x else image.right,
        art_box.bottom if padded_y else image.bottom,
    )


def _snapped(spare: float) -> float:
    return 0.0 if abs(spare) < _EPSILON_MM else spare


def _continues(missing: float, beyond_trim: float) -> bool:
    """An edge is continued when ink is missing outside it and it is at the trim or beyond: padding stays white."""
    return missing > _EPSILON_MM and beyond_trim > -_EPSILON_MM
