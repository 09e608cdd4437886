"""Image bytes + settings -> a tile ready to place.

A plain JPEG or PNG goes into the document as it is: its compressed data is neither decoded for it nor changed.
What a PDF cannot hold is decoded right once and compressed again, without loss where the source had none. Fit,
crop and the image's own bleed are geometry alone.

| image | treatment |
|---|---|
| JPEG, grey or colour, baseline or progressive, sRGB or no profile | its own data, metadata segments left out |
| PNG up to 8 bits, grey, RGB or palette, no alpha, not interlaced, sRGB | its own data |
| JPEG in CMYK, other profiles, lossy WebP, AVIF | decoded, to sRGB, JPEG without chroma subsampling |
| PNG with alpha, 16 bits, interlaced; GIF, BMP, TIFF, lossless WebP | decoded, over white, lossless |
| any EXIF orientation | turned by the placement, not in the pixels |
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from PIL import Image, ImageDraw

from cardmaker import limits
from cardmaker.artwork import alpha, bleed, colour, corners, encode, exif, jpeg, kinds, png, source_bleed
from cardmaker.artwork.decode import (
    Flatten,
    Header,
    Picture,
    decode,
    decode_untouched,
    read_header,
    size_of,
    turned_upright,
)
from cardmaker.artwork.facts import Conversion, Edges, ImageFacts, Transparency, View, edges_of, transparency_of
from cardmaker.artwork.gate import Gate
from cardmaker.artwork.malformed import Malformed
from cardmaker.artwork.placement import Layout, lay_out
from cardmaker.artwork.tile import Arcs, Encoded, Encoding, Fill, Patch, Tile, Untouched
from cardmaker.errors import ImageError
from cardmaker.limits import Limits
from cardmaker.sheet import Rect
from cardmaker.source import ImageSource, read_bytes
from cardmaker.spec import TileSpec
from cardmaker.units import mm_to_px

__all__ = [
    "Arcs",
    "Conversion",
    "Edges",
    "Encoded",
    "Encoding",
    "Fill",
    "Gate",
    "ImageFacts",
    "Patch",
    "Preparer",
    "Tile",
    "Transparency",
    "Untouched",
    "View",
    "inspect",
    "placeholder",
    "prepare",
    "source_bleed",
    "thumbnail",
]

# What libjpeg decodes to at a fraction of the cost.
_REDUCTIONS = (1, 2, 4, 8)
# A card at 298 ppi is meant to have 300, and one cropped by 5 mm on each side still has 259.
_ABOUT = 0.85


class Preparer:
    """`prepare` and `inspect` for threads that share a memory: within `limits`, and never more pixels at once than
    they allow."""

    def __init__(self, limits: Limits = limits.DEFAULT) -> None:
        self.limits = limits
        self._gate = Gate(limits.pixels_at_once)

    def __call__(self, source: ImageSource, spec: TileSpec, ppi: float | None = None) -> Tile:
        return prepare(source, spec, ppi, limits=self.limits, gate=self._gate)

    def inspect(self, source: ImageSource, spec: TileSpec) -> View:
        return inspect(source, spec, limits=self.limits, gate=self._gate)

    def thumbnail(self, source: ImageSource, side_px: int) -> bytes:
        return thumbnail(source, side_px, limits=self.limits, gate=self._gate)


def prepare(
    source: ImageSource,
    spec: TileSpec,
    ppi: float | None = None,
    *,
    limits: Limits = limits.DEFAULT,
    gate: Gate | None = None,
) -> Tile:
    """The tile of one card face. Reads the source once. Raises ImageError, naming it, for what cannot be printed.

    With `ppi` the tile of a preview: lying just as it will in print, and where the image has about twice as many
    pixels per inch as that, a low-resolution proxy stands for it. `gate` is where threads wait for room to decode.
    """
    gate = gate or Gate(limits.pixels_at_once)
    with _naming(source, spec.image):
        data, header = _read(source, limits)
        kept = _as_it_is(header)
        if kept:
            return _untouched_tile(data, kept, spec, ppi, gate)
        width, height = size_of(data, header, limits)
        with gate.room(width * height):
            return _decoded_tile(data, header, spec, ppi, limits)


def inspect(source: ImageSource, spec: TileSpec, *, limits: Limits = limits.DEFAULT, gate: Gate | None = None) -> View:
    """What `prepare` would learn of the image, and the edges even where it would not need them; nothing is encoded.
    Raises ImageError for what cannot be printed."""
    gate = gate or Gate(limits.pixels_at_once)
    with _naming(source, spec.image):
        data, header = _read(source, limits)
        kept = _as_it_is(header)
        width, height = size_of(data, header, limits)
        with gate.room(width * height):
            if kept:
                layout = kept.layout(spec)
                pixels = turned_upright(decode_untouched(data, header), kept.orientation(spec))
                return View(kept.facts(spec, edges_of(pixels, layout, spec)), layout.image.rect())
            picture = decode(data, header, limits)
            shown = turned_upright(picture.pixels, exif.turned(1, int(spec.settings.rotate)))
            layout = lay_out(spec, *shown.size)
            facts = _facts(data, picture, shown, layout, spec)
            return View(facts, layout.image.rect())


def thumbnail(source: ImageSource, side_px: int, *, limits: Limits = limits.DEFAULT, gate: Gate | None = None) -> bytes:
    """The image as a small JPEG, upright, its longer side at most that. Raises ImageError if it cannot be printed."""
    gate = gate or Gate(limits.pixels_at_once)
    with _naming(source, source.digest):
        data, header = _read(source, limits)
        kept = _as_it_is(header)
        width, height = size_of(data, header, limits)
        with gate.room(width * height):
            if kept:
                reduction = max(n for n in _REDUCTIONS if n == 1 or max(width, height) >= n * side_px)
                pixels = turned_upright(decode_untouched(data, header, reduction), kept.header.orientation)
            else:
                pixels = decode(data, header, limits).pixels
            pixels.thumbnail((side_px, side_px))
    return encode.small(pixels)


def placeholder(spec: TileSpec) -> Tile:
    """What stands in a preview for a card that cannot be printed: grey, crossed out."""
    width, height = round(spec.width_mm * 4), round(spec.height_mm * 4)
    pixels = Image.new("RGB", (width, height), (232, 232, 232))
    draw = ImageDraw.Draw(pixels)
    for line in ((0, 0, width, height), (0, height, width, 0)):
        draw.line(line, fill=(200, 60, 60), width=6)
    draw.rectangle((0, 0, width - 1, height - 1), outline=(200, 60, 60), width=6)
    layout = lay_out(spec, width, height)
    return Tile(encode.lossless(pixels), 1, layout.image.rect(), _clip(layout))


@dataclass(frozen=True, slots=True)
class _Kept:
    """An image whose data a PDF can hold as it is; orientation and size as it is shown, turned as the settings say."""

    image: Untouched
    header: jpeg.Jpeg | png.Png

    @property
    def is_lossless(self) -> bool:
        return isinstance(self.header, png.Png)

    def orientation(self, spec: TileSpec) -> int:
        return exif.turned(self.header.orientation, int(spec.settings.rotate))

    def size(self, spec: TileSpec) -> tuple[int, int]:
        width, height = self.header.width, self.header.height
        return (height, width) if exif.is_sideways(self.orientation(spec)) else (width, height)

    def layout(self, spec: TileSpec) -> Layout:
        return lay_out(spec, *self.size(spec))

    def facts(self, spec: TileSpec, edges: Edges | None = None) -> ImageFacts:
        animated = isinstance(self.header, png.Png) and self.header.animated
        return ImageFacts("PNG" if self.is_lossless else "JPEG", *self.size(spec), animated, edges=edges)


@contextmanager
def _naming(source: ImageSource, digest: str) -> Iterator[None]:
    try:
        yield
    except Malformed as error:
        raise ImageError(source.name, f"{error}; replace it or remove the card", digest) from error


def _read(source: ImageSource, limits: Limits) -> tuple[bytes, Header]:
    if source.size > limits.bytes_per_image:
        raise Malformed(f"has {source.size / 1e6:.0f} MB, more than the limit of {limits.bytes_per_image / 1e6:.0f}")
    data = read_bytes(source)
    if not data:
        raise Malformed("is empty (0 bytes)")
    return data, read_header(data, limits)


def _as_it_is(header: Header) -> _Kept | None:
    if header is None or not header.is_embeddable:
        return None
    if colour.needs_conversion(header.icc) and not colour.is_for_cmyk(header.icc):
        return None
    if isinstance(header, jpeg.Jpeg):
        encoding = Encoding(header.width, header.height, "DCTDecode", header.components)
    else:
        encoding = Encoding(header.width, header.height, "FlateDecode", header.samples, header.bits, header.palette)
    return _Kept(Untouched(encoding, header.spans), header)


def _untouched_tile(data: bytes, kept: _Kept, spec: TileSpec, ppi: float | None, gate: Gate) -> Tile:
    orientation, size, layout = kept.orientation(spec), kept.size(spec), kept.layout(spec)
    reduction = _reduction(layout, size, ppi)
    # Without bleed the edges are judged: where the cutter drifts, paper shows.
    needs_pixels = layout.needs_pixels or not spec.settings.bleed_mm
    if reduction == 1 and not needs_pixels:
        if isinstance(kept.header, png.Png):
            png.check_data(data, kept.header)
        return Tile(kept.image, orientation, layout.image.rect(), _clip(layout), facts=kept.facts(spec))
    with gate.room(size[0] * size[1]):
        pixels = turned_upright(decode_untouched(data, kept.header, reduction), orientation)
        facts = kept.facts(spec, edges_of(pixels, layout, spec, reduced=reduction > 1))
        if reduction > 1:
            return _tile(encode.proxy(pixels), 1, layout, pixels, facts, exact=False)
        exact = kept.is_lossless or spec.settings.extend_edges_mm > 0  # such strips show inside the card
        return _tile(kept.image, orientation, layout, pixels, facts, exact=exact)


def _decoded_tile(data: bytes, header: Header, spec: TileSpec, ppi: float | None, limits: Limits) -> Tile:
    turn = exif.turned(1, int(spec.settings.rotate))
    picture = decode(data, header, limits, _flattener(spec, turn))
    shown = turned_upright(picture.pixels, turn)
    layout = lay_out(spec, *shown.size)
    facts = _facts(data, picture, shown, layout, spec)
    reduction = _reduction(layout, shown.size, ppi)
    if reduction > 1:
        shown = shown.reduce(reduction)
        return _tile(encode.proxy(shown), 1, layout, shown, facts, exact=False)
    image = (encode.lossless if picture.is_lossless else encode.lossy)(picture.pixels)
    return _tile(image, turn, layout, shown, facts, exact=picture.is_lossless)


def _flattener(spec: TileSpec, turn: int) -> Flatten:
    """What lies under transparent parts: white, or the card with its corners filled."""
    if not spec.settings.fill_corners_mm:
        return alpha.over_white

    def flatten(pixels: Image.Image, veil: Image.Image) -> Image.Image:
        shown, above = turned_upright(pixels, turn), turned_upright(veil, turn)
        return turned_upright(corners.flattened(shown, above, lay_out(spec, *shown.size)), exif.undone(turn))

    return flatten


def _facts(data: bytes, picture: Picture, shown: Image.Image, layout: Layout, spec: TileSpec) -> ImageFacts:
    veil = picture.veil and turned_upright(picture.veil, exif.turned(1, int(spec.settings.rotate)))
    return ImageFacts(
        kinds.kind_of(data),
        *shown.size,
        picture.has_more_frames,
        picture.conversion,
        transparency_of(veil, layout, spec),
        edges_of(shown, layout, spec),
    )


def _reduction(layout: Layout, size: tuple[int, int], ppi: float | None) -> int:
    """By how much an image of that size (upright) can be smaller on each axis and still have about `ppi` on both:
    1, 2, 4 or 8."""
    if ppi is None:
        return 1
    image = layout.image
    times = min(px / mm_to_px(mm, ppi * _ABOUT) for px, mm in zip(size, (image.width, image.height), strict=True))
    return max((n for n in _REDUCTIONS if n <= min(times, *size)), default=1)


def _tile(
    image: Untouched | Encoded,
    orientation: int,
    layout: Layout,
    pixels: Image.Image,
    facts: ImageFacts,
    *,
    exact: bool,
) -> Tile:
    """A tile with what is made of its pixels, which are turned as they are shown."""
    return Tile(
        image=image,
        orientation=orientation,
        area=layout.image.rect(),
        clip=_clip(layout),
        arcs=corners.arcs(layout, pixels.size),
        patches=(*bleed.strips(pixels, layout, exact=exact), *corners.patches(pixels, layout)),
        fills=bleed.fills(pixels, layout),
        facts=facts,
    )


def _clip(layout: Layout) -> Rect | None:
    return None if layout.shown == layout.image else layout.shown.rect()
