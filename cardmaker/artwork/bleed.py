"""Bleed for an image that brings none: its outermost pixels, stretched outward beneath it.

Four one-pixel strips continue the edges and four fills the corners; each reaches a little under the card, so that
no light pixel shows at the trim. The image itself is neither resized nor recompressed.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from PIL import Image

from cardmaker.artwork import encode
from cardmaker.artwork.placement import Box, Layout
from cardmaker.artwork.tile import Fill, Patch

# As EXIF orientations: a lying row's first pixel is at the top.
UPRIGHT, LYING = 1, 5
# How far strips and fills reach beneath the image.
UNDER_MM = 0.25
# Strips of lossy images need not be finer than their noise: half the samples, six bits each, a third of the bytes.
_SIX_BITS = bytes(min(252, round(v / 4) * 4) for v in range(256))
_EPSILON_PX = 1e-6


def strips(pixels: Image.Image, layout: Layout, *, exact: bool) -> tuple[Patch, ...]:
    """The strips of those edges that `layout` says to continue. `pixels` are upright, in mode L or RGB; `exact`
    keeps each sample as it is."""
    shown, reach, edges = layout.shown, layout.reach, _edge_pixels(pixels, layout)
    under_x, under_y = min(UNDER_MM, shown.width / 2), min(UNDER_MM, shown.height / 2)
    left, top, right, bottom = edges
    wanted = (
        (layout.top, (left, top, right, top + 1), Box(shown.left, reach.top, shown.right, shown.top + under_y)),
        (
            layout.bottom,
            (left, bottom - 1, right, bottom),
            Box(shown.left, shown.bottom - under_y, shown.right, reach.bottom),
        ),
        (
            layout.left,
            (left, top, left + 1, bottom),
            Box(reach.left, shown.top, shown.left + under_x, shown.bottom),
        ),
        (
            layout.right,
            (right - 1, top, right, bottom),
            Box(shown.right - under_x, shown.top, reach.right, shown.bottom),
        ),
    )
    return tuple(_strip(pixels.crop(cut), area, exact=exact) for needed, cut, area in wanted if needed)


def fills(pixels: Image.Image, layout: Layout) -> tuple[Fill, ...]:
    """The corners where two continued edges meet, in the colour of the image's corner pixel."""
    return tuple(_fills(pixels, layout))


def _fills(pixels: Image.Image, layout: Layout) -> Iterator[Fill]:
    shown, reach = layout.shown, layout.reach
    left, top, right, bottom = _edge_pixels(pixels, layout)
    sides_x = (
        (layout.left, left, reach.left, shown.left + UNDER_MM),
        (layout.right, right - 1, shown.right - UNDER_MM, reach.right),
    )
    sides_y = (
        (layout.top, top, reach.top, shown.top + UNDER_MM),
        (layout.bottom, bottom - 1, shown.bottom - UNDER_MM, reach.bottom),
    )
    for on_x, x, x0, x1 in sides_x:
        for on_y, y, y0, y1 in sides_y:
            if on_x and on_y:
                yield Fill(_colour(pixels, x, y), Box(x0, y0, x1, y1).rect())


def _edge_pixels(pixels: Image.Image, layout: Layout) -> tuple[int, int, int, int]:
    """The pixels that `shown` touches: left, top, right, bottom; the latter two exclusive."""
    image, shown = layout.image, layout.shown
    per_mm_x, per_mm_y = pixels.width / image.width, pixels.height / image.height
    left = math.floor((shown.left - image.left) * per_mm_x + _EPSILON_PX)
    top = math.floor((shown.top - image.top) * per_mm_y + _EPSILON_PX)
    right = math.ceil((shown.right - image.left) * per_mm_x - _EPSILON_PX)
    bottom = math.ceil((shown.bottom - image.top) * per_mm_y - _EPSILON_PX)
    left, top = min(max(left, 0), pixels.width - 1), min(max(top, 0), pixels.height - 1)
    return left, top, min(max(right, left + 1), pixels.width), min(max(bottom, top + 1), pixels.height)


def _strip(row: Image.Image, area: Box, *, exact: bool) -> Patch:
    vertical = row.width == 1
    if vertical:
        row = row.transpose(Image.Transpose.TRANSPOSE)
    if not exact:
        row = row.resize(((row.width + 1) // 2, 1), Image.Resampling.BOX)
        row = Image.frombytes(row.mode, row.size, row.tobytes().translate(_SIX_BITS))
    return Patch(encode.row(row), area.rect(), LYING if vertical else UPRIGHT)


def _colour(pixels: Image.Image, x: int, y: int) -> tuple[int, ...]:
    value = pixels.getpixel((x, y))
    return tuple(int(v) for v in value) if isinstance(value, tuple) else (int(value or 0),)
