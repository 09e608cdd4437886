"""Tiles as PDF: image XObjects whose data is taken as it is, and the operators that paint a tile.

A tile's operators use millimetres from the trim's bottom-left corner, y up; the page scales and places them.
"""

from __future__ import annotations

from collections.abc import Iterator

from cardmaker.artwork import Encoding, Tile, Untouched
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
UPRIGHT, LYING = 1, 5


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


def operators(tile: Tile, height_mm: float, image: str, strips: list[str]) -> str:
    """Paints a tile; `image` and `strips` are its XObjects' names."""
    code = [_fill(fill.colour, fill.area, height_mm) for fill in tile.fills]
    for strip, name in zip(tile.strips, strips, strict=True):
        code.append(_paint(name, strip.area, LYING if strip.vertical else UPRIGHT, height_mm))
    painted = _paint(image, tile.area, tile.orientation, height_mm)
    if tile.clip:
        painted = f"q {_rectangle(tile.clip, height_mm)} re W n {painted} Q"
    return "\n".join([*code, painted])


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
