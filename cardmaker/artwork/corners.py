"""Round corners of the artwork, filled from its own pixels.

What lies farther from a corner's centre than the artwork's radius takes the colour that the arc has at the same angle,
out to the end of the bleed. The four corners are patches beneath the image, which shows only inside the arcs; its data
stays as it is. A patch is a map of angles, the same for every card of a deck, with the arc's colours as its palette.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Iterable, Iterator
from dataclasses import replace

from PIL import Image

from cardmaker.artwork import encode
from cardmaker.artwork.decode import turned_upright
from cardmaker.artwork.placement import Box, Layout
from cardmaker.artwork.tile import Arcs, Encoded, Patch

# The pixels that the arc cuts are mixed with what lies beyond it, in a JPEG their neighbours are too: the image ends
# this many pixels before, and the arc's colours are read one further in.
_INSIDE_PX = 1.5
# How far a patch reaches beneath the image, and how fine it is at most.
_UNDER_MM = 0.25
_PX_PER_MM = 12.0
_MOST_PX = 240
_MOST_COLOURS = 256
# Alpha from which on a pixel shows its own colour.
_OPAQUE = 250
Point = tuple[int, int]
# Which way is outward on x and y, and the EXIF orientation that turns the top-left corner into this one.
Corner = tuple[int, int, int]
_CORNERS: tuple[Corner, ...] = ((-1, -1, 1), (1, -1, 2), (1, 1, 3), (-1, 1, 4))


def arcs(layout: Layout, size: tuple[int, int]) -> Arcs | None:
    """Where an image of that many pixels ends at its corners."""
    if not layout.radius_mm:
        return None
    return Arcs(layout.frame.rect(), layout.radius_mm, _radius_mm(layout, size))


def patches(pixels: Image.Image, layout: Layout) -> tuple[Patch, ...]:
    """What lies beyond the arcs. `pixels` are upright and turned as they are shown, in mode L or RGB."""
    return tuple(_patches(pixels, layout)) if layout.radius_mm else ()


def flattened(pixels: Image.Image, alpha: Image.Image, layout: Layout) -> Image.Image:
    """Pixels (L or RGB) over white, but over the filled corners where those are transparent: at each angle over the
    first opaque pixel that lies inward of the arc."""
    base = Image.new(pixels.mode, pixels.size, "white")
    if layout.radius_mm:
        for corner in _CORNERS:
            _paint(
                base, layout, corner, [_first_opaque(pixels, alpha, ray) for ray in _rays(layout, base.size, corner)]
            )
    return Image.composite(pixels, base, alpha)


def _patches(pixels: Image.Image, layout: Layout) -> Iterator[Patch]:
    frame, reach, square = layout.frame, layout.reach, layout.radius_mm + _UNDER_MM
    angles = _compressed(layout.radius_mm, frame.left - reach.left, frame.top - reach.top)
    for corner in _CORNERS:
        dx, dy, orientation = corner
        area = Box(
            reach.left if dx < 0 else frame.right - square,
            reach.top if dy < 0 else frame.bottom - square,
            frame.left + square if dx < 0 else reach.right,
            frame.top + square if dy < 0 else reach.bottom,
        )
        palette = b"".join(_rgb(pixels, point) for point in _points(layout, pixels.size, corner))
        image = Encoded(replace(angles.encoding, palette=palette), angles.content)
        yield Patch(image, area.rect(), orientation)


def _radius_mm(layout: Layout, size: tuple[int, int]) -> float:
    return max(layout.radius_mm - _INSIDE_PX * _pixel_mm(layout, size), layout.radius_mm / 2)


def _pixel_mm(layout: Layout, size: tuple[int, int]) -> float:
    return max(layout.image.width / size[0], layout.image.height / size[1])


def _colours(radius_mm: float) -> int:
    """How many colours an arc has: one to each pixel of a patch that it passes."""
    return min(_MOST_COLOURS, 2 + round(math.pi / 2 * radius_mm * _PX_PER_MM))


@functools.lru_cache(maxsize=16)
def _angles(radius_mm: float, out_x_mm: float, out_y_mm: float) -> Image.Image:
    """The patch of a top-left corner with angles for pixels, from 0 (to the left of the arc's centre) to the last
    colour (above it). The centre is `radius_mm` inside the frame's corner, the patch begins so much outside."""
    width_mm, height_mm = (out + radius_mm + _UNDER_MM for out in (out_x_mm, out_y_mm))
    per_mm = min(_PX_PER_MM, _MOST_PX / max(width_mm, height_mm))
    width, height = math.ceil(width_mm * per_mm), math.ceil(height_mm * per_mm)
    last = _colours(radius_mm) - 1
    angles = bytearray()
    for y in range(height):
        up = max(0.0, out_y_mm + radius_mm - (y + 0.5) * height_mm / height)
        for x in range(width):
            left = max(0.0, out_x_mm + radius_mm - (x + 0.5) * width_mm / width)
            angles.append(round(math.atan2(up, left) / (math.pi / 2) * last))
    return Image.frombytes("L", (width, height), bytes(angles))


@functools.lru_cache(maxsize=16)
def _compressed(radius_mm: float, out_x_mm: float, out_y_mm: float) -> Encoded:
    return encode.lossless(_angles(radius_mm, out_x_mm, out_y_mm))


@functools.lru_cache(maxsize=64)
def _points(layout: Layout, size: tuple[int, int], corner: Corner) -> tuple[Point, ...]:
    """The pixels along a corner's arc, by their angle."""
    radius = _radius_mm(layout, size) - _pixel_mm(layout, size)
    return tuple(_pixel(layout, size, corner, angle, radius) for angle in range(_colours(layout.radius_mm)))


@functools.lru_cache(maxsize=64)
def _rays(layout: Layout, size: tuple[int, int], corner: Corner) -> tuple[tuple[Point, ...], ...]:
    """For each angle the pixels from a corner's arc inward to its centre."""
    outermost, step = _radius_mm(layout, size), _pixel_mm(layout, size)
    radii = [max(0.0, outermost - i * step) for i in range(math.ceil(outermost / step) + 1)]
    return tuple(
        tuple(_pixel(layout, size, corner, angle, radius) for radius in radii)
        for angle in range(_colours(layout.radius_mm))
    )


def _pixel(layout: Layout, size: tuple[int, int], corner: Corner, angle: int, radius_mm: float) -> Point:
    """The pixel at that angle and distance from a corner's centre, or the one of what shows that is nearest to it."""
    (dx, dy, _), frame, image, shown = corner, layout.frame, layout.image, layout.shown
    turn = math.pi / 2 * angle / (_colours(layout.radius_mm) - 1)
    centre_x = frame.left + layout.radius_mm if dx < 0 else frame.right - layout.radius_mm
    centre_y = frame.top + layout.radius_mm if dy < 0 else frame.bottom - layout.radius_mm
    per_mm_x, per_mm_y = size[0] / image.width, size[1] / image.height
    half_x, half_y = min(0.5 / per_mm_x, shown.width / 2), min(0.5 / per_mm_y, shown.height / 2)
    x = min(max(centre_x + dx * radius_mm * math.cos(turn), shown.left + half_x), shown.right - half_x)
    y = min(max(centre_y + dy * radius_mm * math.sin(turn), shown.top + half_y), shown.bottom - half_y)
    column, row = int((x - image.left) * per_mm_x), int((y - image.top) * per_mm_y)
    return min(max(column, 0), size[0] - 1), min(max(row, 0), size[1] - 1)


def _paint(base: Image.Image, layout: Layout, corner: Corner, palette: list[bytes]) -> None:
    """Paints a corner of a whole image in the colours of those angles."""
    image, frame, square = layout.image, layout.frame, layout.radius_mm + _UNDER_MM
    out_x, out_y = frame.left - image.left, frame.top - image.top
    angles = _angles(layout.radius_mm, out_x, out_y)
    patch = Image.frombytes("P", angles.size, angles.tobytes())
    patch.putpalette(b"".join(palette))
    width = min(round((out_x + square) * base.width / image.width), base.width)
    height = min(round((out_y + square) * base.height / image.height), base.height)
    dx, dy, orientation = corner
    patch = turned_upright(patch.convert(base.mode), orientation).resize((width, height), Image.Resampling.NEAREST)
    base.paste(patch, (0 if dx < 0 else base.width - width, 0 if dy < 0 else base.height - height))


def _first_opaque(pixels: Image.Image, alpha: Image.Image, ray: Iterable[Point]) -> bytes:
    for point in ray:
        if _value(alpha, point)[0] >= _OPAQUE:
            return _rgb(pixels, point)
    return bytes((255, 255, 255))


def _rgb(pixels: Image.Image, point: Point) -> bytes:
    value = _value(pixels, point)
    return bytes(value * 3 if len(value) == 1 else value)


def _value(pixels: Image.Image, point: Point) -> tuple[int, ...]:
    value = pixels.getpixel(point)
    return tuple(int(v) for v in value) if isinstance(value, tuple) else (int(value or 0),)
