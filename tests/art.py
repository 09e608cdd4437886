"""What the print tests share: cards drawn to be measured, decks of them, documents and their rasters.

Lengths are in mm from a page's or card's top-left corner, y down; a raster's pixel i covers i/dpi to (i+1)/dpi inches.
"""

import io
import math
import random
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO, cast

import pikepdf
import pypdfium2
from PIL import Image, ImageDraw

from cardmaker.deck import Artwork, assemble
from cardmaker.knobs import request_from
from cardmaker.render import render
from cardmaker.sheet import Rect
from cardmaker.source import BytesSource
from cardmaker.spec import RenderRequest
from tests.tools import tool

Colour = tuple[int, int, int]
RED, GREEN, BLUE, YELLOW = (220, 30, 30), (30, 160, 60), (30, 60, 210), (235, 200, 40)
WHITE, BLACK = (255, 255, 255), (0, 0, 0)
FOUR = (RED, GREEN, BLUE, YELLOW)

Picture = bytes | Image.Image | BytesSource
Pictures = Sequence[Picture]


# -- cards --


def solid(colour: Colour, size: tuple[int, int] = (126, 176)) -> Image.Image:
    return Image.new("RGB", size, colour)


def corners(
    colours: tuple[Colour, Colour, Colour, Colour] = FOUR,
    middle: Colour = (128, 128, 128),
    size: tuple[int, int] = (126, 176),
) -> Image.Image:
    """A quarter each of top-left, top-right, bottom-left, bottom-right, and a disc in the middle."""
    card = Image.new("RGB", size)
    draw = ImageDraw.Draw(card)
    w, h = size
    for colour, (x, y) in zip(colours, ((0, 0), (1, 0), (0, 1), (1, 1)), strict=True):
        draw.rectangle((x * w // 2, y * h // 2, (x + 1) * w // 2 - 1, (y + 1) * h // 2 - 1), fill=colour)
    draw.circle((w / 2, h / 2), min(w, h) / 6, fill=middle)
    return card


def steps(across: Iterable[float], down: Iterable[float], size: tuple[int, int]) -> Image.Image:
    """A ruler: red steps between 0 and 255 at these shares of the width, green ones at those of the height; so that
    a row of the red channel and a column of the green one are read on their own."""
    w, h = size
    red, green = Image.new("L", (w, 1)), Image.new("L", (1, h))
    for position in across:
        _invert(red, (round(position * w), 0, w, 1))
    for position in down:
        _invert(green, (0, round(position * h), 1, h))
    nearest = Image.Resampling.NEAREST
    return Image.merge("RGB", (red.resize(size, nearest), green.resize(size, nearest), Image.new("L", size, 90)))


def dark(size: tuple[int, int], seed: int = 0) -> Image.Image:
    """Full art without a light pixel: every sample below 60."""
    noise = random.Random(seed)
    small = Image.frombytes("RGB", (9, 13), bytes(noise.randrange(8, 56) for _ in range(9 * 13 * 3)))
    return small.resize(size, Image.Resampling.BILINEAR)


def edged(size: tuple[int, int], blocks: int = 6) -> Image.Image:
    """Full art whose edges change from bright block to bright block; `edge_colour` says which is where."""
    card = Image.new("RGB", (blocks, blocks), (100, 100, 100))
    for i in range(blocks):
        for x, y in ((i, 0), (i, blocks - 1), (0, i), (blocks - 1, i)):
            card.putpixel((x, y), edge_colour(x, y))
    return card.resize(size, Image.Resampling.NEAREST)


def edge_colour(x: int, y: int) -> Colour:
    return (60 + 97 * x % 180, 50 + 71 * y % 190, 40 + (53 * x + 31 * y) % 200)


def photo(size: tuple[int, int], seed: int = 0) -> Image.Image:
    """Grainy enough that its JPEG has the size of a photograph's."""
    noise = random.Random(seed)
    bands = []
    for _ in range(3):
        w, h = size[0] // 3, size[1] // 3
        grain = Image.frombytes("L", (w, h), noise.randbytes(w * h)).resize(size, Image.Resampling.BICUBIC)
        bands.append(Image.blend(Image.linear_gradient("L").resize(size), grain, 0.35))
    return Image.merge("RGB", bands)


def encoded(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


def jpeg(picture: Image.Image, **options: object) -> bytes:
    return encoded(picture, "JPEG", **{"quality": 92, "subsampling": 0, **options})


def turned_exif(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif.tobytes()


# -- decks and documents --


def deck_of(
    images: Pictures,
    back: Picture | None = None,
    backs: Mapping[int, Picture] | None = None,
) -> Artwork:
    """Fronts in that order, a common back, and own backs by the index of their front. Pictures become PNGs."""
    fronts = [source(f"card-{i:03}", image) for i, image in enumerate(images)]
    own = [source(f"card-{i:03}", image) for i, image in (backs or {}).items()]
    return assemble(fronts, None if back is None else source("back", back), own)


def source(stem: str, image: Picture) -> BytesSource:
    if isinstance(image, BytesSource):
        return image
    return BytesSource(f"{stem}.img", image if isinstance(image, bytes) else encoded(image))


class Recorder(BytesSource):
    """A source that counts how often it is opened."""

    def __init__(self, stem: str, image: bytes | Image.Image) -> None:
        super().__init__(f"{stem}.img", image if isinstance(image, bytes) else encoded(image))
        self.digest  # noqa: B018 - computed before any counting
        self.opened = 0

    def open(self) -> BinaryIO:
        self.opened += 1
        return super().open()


def request(artwork: Artwork, **settings: object) -> RenderRequest:
    """The request of those knobs, values as a person writes them."""
    return request_from(artwork.deck, settings)


def pdf(wanted: RenderRequest, artwork: Artwork) -> bytes:
    sink = io.BytesIO()
    render(wanted, artwork.images, sink)
    return sink.getvalue()


def printed(images: Pictures, **settings: object) -> bytes:
    """The PDF of a deck of these fronts alone."""
    artwork = deck_of(images)
    return pdf(request(artwork, **settings), artwork)


@dataclass(frozen=True)
class Embedded:
    """An image XObject as it stands in a file: `data` is still compressed; `pixels` as pikepdf reads it."""

    size: tuple[int, int]
    filter: str
    keys: frozenset[str]
    data: bytes
    pixels: Image.Image


def images_in(document: bytes) -> list[Embedded]:
    with pikepdf.open(io.BytesIO(document)) as opened:
        streams = [each for each in opened.objects if isinstance(each, pikepdf.Stream)]
        return [_embedded(stream) for stream in streams if stream.get("/Subtype") == "/Image"]


def _embedded(stream: pikepdf.Stream) -> Embedded:
    pixels = pikepdf.PdfImage(stream).as_pil_image().copy()
    size = int(stream.Width), int(stream.Height)
    return Embedded(size, str(stream.Filter), frozenset(stream.keys()), stream.read_raw_bytes(), pixels)


def texts(document: bytes) -> list[str]:
    """What each page says."""
    opened = pypdfium2.PdfDocument(document)
    try:
        return [opened[i].get_textpage().get_text_bounded() for i in range(len(opened))]
    finally:
        opened.close()


def colours_of(document: bytes, wanted: RenderRequest, dpi: float = 72) -> list[Colour]:
    """What the first card shows in the middle of its four quarters: top-left, top-right, bottom-left, bottom-right."""
    raster, trim = by_pdfium(document, dpi=dpi), wanted.sheet.slots[0].trim
    return [on_card(raster, dpi, trim, u, v) for v in (0.25, 0.75) for u in (0.25, 0.75)]


# -- rasters --


def by_pdfium(document: bytes, page: int = 0, dpi: float = 150) -> Image.Image:
    opened = pypdfium2.PdfDocument(document)
    try:
        # Rounded up, a page that is whole pixels but for the last bit would be stretched over one more.
        bitmap = opened[page].render(scale=dpi / 72 * (1 - 1e-7))
        picture: Image.Image = bitmap.to_pil().convert("RGB")
        bitmap.close()
        return picture
    finally:
        opened.close()


def by_poppler(document: bytes, page: int = 0, dpi: float = 150) -> Image.Image:
    number = str(page + 1)
    return _by_tool(document, [tool("pdftoppm", "poppler-utils"), "-r", str(dpi), "-f", number, "-l", number])


def by_ghostscript(document: bytes, page: int = 0, dpi: float = 150) -> Image.Image:
    quiet = ["-q", "-dSAFER", "-dNOPAUSE", "-dBATCH", "-dPDFSTOPONERROR", "-dPDFSTOPONWARNING"]
    pages = [f"-dFirstPage={page + 1}", f"-dLastPage={page + 1}", "-sDEVICE=ppmraw", f"-r{dpi}", "-sOutputFile=%stdout"]
    return _by_tool(document, [tool("gs", "ghostscript"), *quiet, "-sstdout=%stderr", *pages])


def _by_tool(document: bytes, command: Sequence[str]) -> Image.Image:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "document.pdf")
        path.write_bytes(document)
        done = subprocess.run([*command, str(path)], capture_output=True, check=True)
        assert not done.stderr, done.stderr.decode()  # the tools complain about anything that is wrong in a PDF
        with Image.open(io.BytesIO(done.stdout)) as picture:
            return picture.convert("RGB")


RENDERERS = (by_pdfium, by_poppler, by_ghostscript)


def colour_at(raster: Image.Image, dpi: float, x_mm: float, y_mm: float) -> Colour:
    value = raster.getpixel((math.floor(x_mm / 25.4 * dpi), math.floor(y_mm / 25.4 * dpi)))
    assert isinstance(value, tuple)
    return value[0], value[1], value[2]


def on_card(raster: Image.Image, dpi: float, trim: Rect, u: float, v: float) -> Colour:
    """The colour at a share of a card's width and height."""
    return colour_at(raster, dpi, trim.x_mm + u * trim.width_mm, trim.y_mm + v * trim.height_mm)


def area(raster: Image.Image, dpi: float, rect: Rect) -> Image.Image:
    """The whole pixels within a rectangle."""
    k = dpi / 25.4
    return raster.crop(
        (math.ceil(rect.x_mm * k), math.ceil(rect.y_mm * k), int(rect.right_mm * k), int(rect.bottom_mm * k))
    )


def ranges(picture: Image.Image) -> list[tuple[int, int]]:
    """Lowest and highest value of each channel."""
    return [cast(tuple[int, int], band.getextrema()) for band in picture.split()]


def distance(one: Sequence[int], other: Sequence[int]) -> int:
    """The largest difference of any channel, of 255."""
    assert len(one) == len(other)
    return max(abs(a - b) for a, b in zip(one, other, strict=True))


def crossings(line: Image.Image, dpi: float) -> list[float]:
    """Where a line of grey pixels (a row or a column) crosses half-way between 0 and 255, in mm from its start."""
    values = line.convert("L").tobytes()
    found = []
    for i, (a, b) in enumerate(pairwise(values)):
        if (a < 127.5) != (b < 127.5):
            found.append((i + 0.5 + (127.5 - a) / (b - a)) / dpi * 25.4)
    return found


def _invert(line: Image.Image, box: tuple[int, int, int, int]) -> None:
    line.paste(line.crop(box).point(lambda v: 255 - v), box)
