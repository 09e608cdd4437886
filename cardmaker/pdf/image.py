"""Tiles as PDF: image XObjects whose data is taken as it is, and the operators that paint a tile.

A tile's operators use millimetres from the trim's bottom-left corner, y up; the page scales and places them.
"""

from __future__ import annotations

from collections.abc import Iterator

from cardmaker.artwork import Arcs, Encoding, Tile, Untouched
from cardmaker.errors import ImageError
from cardmaker.sheet import Rect
from cardmaker.source import ImageSource

_PIECE = 1 << 20
# EXIF orientation -> where the stored image's top-left, top-right and bottom-left corners come to lie upright,
# as (x, y) of a unit square with y down.
_CORNERS = {
    1: ((0, 0), (1, 0), (0, 1)),
    2: ((1, 0), (0, 0), (1, 1)),
    3: ((1, 1), (0, 1), (1, 0)),
    4: ((0, 1), (1, 1), (0, 0)),
    5: ((0, 0), (0, 1), (1, 0)),
    6: ((1, 0), (1, 1), (0, 0)),
    7: ((1, 1), (1, 0), (0, 1)),
    8: ((0, 1), (0, 0), (1, 1)),
}
# Control points of a quarter circle as a Bezier curve, as a share of its radius: off by 0.03 percent at most.
_QUARTER = 0.5522847


def dictionary(encoding: Encoding, length: int) -> bytes:
    """The dictionary of an image XObject with that many bytes of data (ISO 32000-1, 8.9.5)."""
    entries = [
        "/Type /XObject /Subtype /Image",
        f"/Width {encoding.width} /Height {encoding.height} /BitsPerComponent {encoding.bits}",
        f"/ColorSpace {_colour_space(encoding)} /Filter /{encoding.filter}",
    ]
    if encoding.filter == "FlateDecode":
        entries.append(
            f"/DecodeParms << /Predictor 15 /Colors {encoding.colors} /BitsPerComponent {encoding.bits} "
            f"/Columns {encoding.width} >>"
        )
    return f"<< {' '.join(entries)} /Length {length} >>".encode("ascii")


def length(image: Untouched) -> int:
    return sum(end - start for start, end in image.spans)


def data(image: Untouched, source: ImageSource) -> Iterator[bytes]:
    """The kept ranges of the source, in pieces. Raises ImageError when the source has become shorter."""
    with source.open() as stream:
        for start, end in image.spans:
            stream.seek(start)
            missing = end - start
            while missing:
                piece = stream.read(min(_PIECE, missing))
                if not piece:
                    raise ImageError(source.name, "changed while it was being printed; try again")
                missing -= len(piece)
                yield piece


def operators(tile: Tile, height_mm: float, image: str, patches: list[str]) -> str:
    """Paints a tile; `image` and `patches` are its XObjects' names."""
    code = [_fill(fill.colour, fill.area, height_mm) for fill in tile.fills]
    for patch, name in zip(tile.patches, patches, strict=True):
        code.append(_paint(name, patch.area, patch.orientation, height_mm))
    painted = _paint(image, tile.area, tile.orientation, height_mm)
    clips = [f"{_rectangle(tile.clip, height_mm)} re W n"] if tile.clip else []
    clips += [f"{_rounded(tile.arcs, tile.area, height_mm)} W n"] if tile.arcs else []
    return "\n".join([*code, f"q {' '.join(clips)} {painted} Q" if clips else painted])


def _rounded(arcs: Arcs, area: Rect, height_mm: float) -> str:
    """The path of what arcs leave of an area: a cross whose inner corners are filled by quarter circles."""
    frame, square, radius = arcs.frame, arcs.square_mm, arcs.radius_mm
    left, right = min(frame.x_mm, area.x_mm) - 1, max(frame.right_mm, area.right_mm) + 1
    top, bottom = min(frame.y_mm, area.y_mm) - 1, max(frame.bottom_mm, area.bottom_mm) + 1
    x0, x1 = frame.x_mm + square, frame.right_mm - square
    y0, y1 = frame.y_mm + square, frame.bottom_mm - square
    code, k = [f"{_numbers(x0, height_mm - top)} m"], _QUARTER

    def line(x: float, y: float) -> None:
        code.append(f"{_numbers(x, height_mm - y)} l")

    def quarter(x: float, y: float, dx: int, dy: int, *, starts_upright: bool) -> None:
        """Around (x, y), from above or below it to beside it, or the other way."""
        upright, level = (x, y + dy * radius), (x + dx * radius, y)
        at_upright, at_level = (x + k * dx * radius, upright[1]), (level[0], y + k * dy * radius)
        points = (upright, at_upright, at_level, level)
        start, *curve = points if starts_upright else points[::-1]
        line(*start)
        code.append(f"{_numbers(*(v for px, py in curve for v in (px, height_mm - py)))} c")

    line(x1, top)
    quarter(x1, y0, 1, -1, starts_upright=True)
    line(right, y0)
    line(right, y1)
    quarter(x1, y1, 1, 1, starts_upright=False)
    line(x1, bottom)
    line(x0, bottom)
    quarter(x0, y1, -1, 1, starts_upright=True)
    line(left, y1)
    line(left, y0)
    quarter(x0, y0, -1, -1, starts_upright=False)
    return " ".join([*code, "h"])


def _paint(name: str, area: Rect, orientation: int, height_mm: float) -> str:
    top_left, top_right, bottom_left = (
        (area.x_mm + x * area.width_mm, height_mm - area.y_mm - y * area.height_mm) for x, y in _CORNERS[orientation]
    )
    # An image fills the unit square with its bottom-left corner at the origin.
    matrix = (
        top_right[0] - top_left[0],
        top_right[1] - top_left[1],
        top_left[0] - bottom_left[0],
        top_left[1] - bottom_left[1],
        *bottom_left,
    )
    return f"q {_numbers(*matrix)} cm /{name} Do Q"


def _fill(colour: tuple[int, ...], area: Rect, height_mm: float) -> str:
    operator = "g" if len(colour) == 1 else "rg"
    return f"{_numbers(*(v / 255 for v in colour))} {operator} {_rectangle(area, height_mm)} re f"


def _rectangle(area: Rect, height_mm: float) -> str:
    return _numbers(area.x_mm, height_mm - area.bottom_mm, area.width_mm, area.height_mm)


def _numbers(*values: float) -> str:
    return " ".join(f"{value:.5f}".rstrip("0").rstrip(".") for value in values)


def _colour_space(encoding: Encoding) -> str:
    if encoding.palette is None:
        return "/DeviceGray" if encoding.colors == 1 else "/DeviceRGB"
    entries = min(len(encoding.palette) // 3, 1 << encoding.bits)
    return f"[/Indexed /DeviceRGB {entries - 1} <{encoding.palette[: entries * 3].hex()}>]"
