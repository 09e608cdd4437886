"""A tile: one card face ready to be placed, as values. Lengths in mm from the trim's top-left corner, y down."""

from __future__ import annotations

from dataclasses import dataclass

from cardmaker.artwork.facts import ImageFacts, View
from cardmaker.sheet import Rect


@dataclass(frozen=True, slots=True)
class Encoding:
    """How an image's samples are stored, in the PDF's own terms.

    `filter` is DCTDecode or FlateDecode (then with PNG's predictors); `colors` is samples per pixel, 1 or 3;
    a `palette` (RGB bytes) makes the one sample an index.
    """

    width: int
    height: int
    filter: str
    colors: int
    bits: int = 8
    palette: bytes | None = None


@dataclass(frozen=True, slots=True)
class Untouched:
    """The source's own compressed data: these byte ranges (start, end) of it, one after the other."""

    encoding: Encoding
    spans: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Encoded:
    """Pixels that we compressed."""

    encoding: Encoding
    content: bytes


@dataclass(frozen=True, slots=True)
class Patch:
    """What is made of an image's pixels and stretched over `area`, turned as an EXIF orientation says: the row of an
    edge, a round corner's surroundings."""

    image: Encoded
    area: Rect
    orientation: int


@dataclass(frozen=True, slots=True)
class Fill:
    """A corner of one colour, 0 to 255 per channel: one for grey, three for RGB."""

    colour: tuple[int, ...]
    area: Rect


@dataclass(frozen=True, slots=True)
class Arcs:
    """Round corners of what shows: beyond `frame`'s corner squares, whose side is `square_mm`, and within them as far
    as `radius_mm` from their inner corners. The radius is not larger than the square."""

    frame: Rect
    square_mm: float
    radius_mm: float


@dataclass(frozen=True, slots=True)
class Tile:
    """Fills are painted first, then patches, then the image over `area`, showing only what lies inside `clip` and
    `arcs`.

    `area` is where the whole image (after `orientation`, an EXIF value) would lie. `facts` are what was learned of the
    image on the way; a placeholder has none.
    """

    image: Untouched | Encoded
    orientation: int
    area: Rect
    clip: Rect | None
    arcs: Arcs | None = None
    patches: tuple[Patch, ...] = ()
    fills: tuple[Fill, ...] = ()
    facts: ImageFacts | None = None

    @property
    def view(self) -> View | None:
        return View(self.facts, self.area) if self.facts else None
