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

from dataclasses import dataclass

from PIL import Image, ImageDraw

from cardmaker.artwork import bleed, colour, corners, encode, exif, jpeg, png, source_bleed
from cardmaker.artwork.decode import check_size, decode, decode_untouched, over_white, turned_upright
from cardmaker.artwork.malformed import Malformed
from cardmaker.artwork.placement import Layout, lay_out
from cardmaker.artwork.tile import Arcs, Encoded, Encoding, Fill, Patch, Tile, Untouched
from cardmaker.errors import ImageError
from cardmaker.sheet import Rect
from cardmaker.source import ImageSource, read_bytes
from cardmaker.spec import TileSpec
from cardmaker.units import mm_to_px

__all__ = ["Arcs", "Encoded", "Encoding", "Fill", "Patch", "Tile", "Untouched", "placeholder", "prepare"]

# What libjpeg decodes to at a fraction of the cost.
_REDUCTIONS = (1, 2, 4, 8)
# A lossy image's edge pixels may be averaged as long as they stay this fine: 0.085 mm.
_EDGE_PPI = 300.0


def prepare(source: ImageSource, spec: TileSpec, ppi: float | None = None) -> Tile:
    """The tile of one card face. Reads the source once. Raises ImageError, naming it, for what cannot be printed.

    With `ppi` the tile of a preview: lying just as it will in print, and where the image has at least twice as many
    pixels per inch as that, a low-resolution proxy stands for it.
    """
    data = read_bytes(source)
    try:
        if not data:
            raise Malformed("is empty (0 bytes)")
        kept = _as_it_is(data)
        return _untouched_tile(data, kept, spec, ppi) if kept else _decoded_tile(data, spec, ppi)
    except Malformed as error:
        raise ImageError(source.name, f"{error}; replace it or remove the card") from error


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
    """An image whose data a PDF can hold as it is; width and height as stored."""

    image: Untouched
    orientation: int
    is_lossless: bool
    frames: int


def _as_it_is(data: bytes) -> _Kept | None:
    if data.startswith(jpeg.SIGNATURE):
        return _jpeg(data)
    if data.startswith(png.SIGNATURE):
        return _png(data)
    return None


def _jpeg(data: bytes) -> _Kept | None:
    header = jpeg.parse(data)
    check_size(header.width, header.height)
    if not header.is_embeddable or colour.needs_conversion(header.icc):
        return None
    encoding = Encoding(header.width, header.height, "DCTDecode", header.components)
    return _Kept(Untouched(encoding, header.spans), header.orientation, is_lossless=False, frames=1)


def _png(data: bytes) -> _Kept | None:
    header = png.parse(data)
    check_size(header.width, header.height)
    if not header.is_embeddable or colour.needs_conversion(header.icc):
        return None
    encoding = Encoding(header.width, header.height, "FlateDecode", header.samples, header.bits, header.palette)
    frames = 2 if header.animated else 1
    return _Kept(Untouched(encoding, header.spans), header.orientation, is_lossless=True, frames=frames)


def _untouched_tile(data: bytes, kept: _Kept, spec: TileSpec, ppi: float | None) -> Tile:
    encoding = kept.image.encoding
    size = (encoding.width, encoding.height)
    orientation = exif.turned(kept.orientation, int(spec.settings.rotate))
    upright = (size[1], size[0]) if exif.is_sideways(orientation) else size
    layout, notes = lay_out(spec, *upright), _notes(spec, upright, kept.frames)
    proxy = _reduction(max(size), layout, ppi)
    if proxy == 1 and not layout.needs_pixels:
        if kept.is_lossless:
            png.check_data(data, png.parse(data))
        return Tile(kept.image, orientation, layout.image.rect(), _clip(layout), notes=notes)
    edges = 1 if kept.is_lossless or spec.settings.extend_edges_mm else _reduction(max(size), layout, _EDGE_PPI)
    pixels = turned_upright(decode_untouched(data, max(proxy, edges)), orientation)
    if proxy > 1:
        return _tile(encode.proxy(pixels), 1, layout, pixels, exact=False, notes=notes)
    exact = kept.is_lossless or spec.settings.extend_edges_mm > 0  # such strips show inside the card
    return _tile(kept.image, orientation, layout, pixels, exact=exact, notes=notes)


def _decoded_tile(data: bytes, spec: TileSpec, ppi: float | None) -> Tile:
    turn = exif.turned(1, int(spec.settings.rotate))

    def flatten(pixels: Image.Image, alpha: Image.Image) -> Image.Image:
        shown, veil = turned_upright(pixels, turn), turned_upright(alpha, turn)
        return turned_upright(corners.flattened(shown, veil, lay_out(spec, *shown.size)), exif.undone(turn))

    picture = decode(data, flatten if spec.settings.fill_corners_mm else over_white)
    shown = turned_upright(picture.pixels, turn)
    layout, notes = lay_out(spec, *shown.size), _notes(spec, shown.size, picture.frames)
    reduction = _reduction(max(shown.size), layout, ppi)
    if reduction > 1:
        shown = shown.reduce(reduction)
        return _tile(encode.proxy(shown), 1, layout, shown, exact=False, notes=notes)
    image = (encode.lossless if picture.is_lossless else encode.lossy)(picture.pixels)
    return _tile(image, turn, layout, shown, exact=picture.is_lossless, notes=notes)


def _reduction(longer_px: int, layout: Layout, ppi: float | None) -> int:
    """By how much an image can be smaller on each axis and still have about `ppi`: 1, 2, 4 or 8."""
    if ppi is None:
        return 1
    # A card at 298 ppi is meant to have 300.
    times = longer_px / mm_to_px(max(layout.image.width, layout.image.height), ppi * 0.97)
    return max((n for n in _REDUCTIONS if n <= times), default=1)


def _tile(
    image: Untouched | Encoded,
    orientation: int,
    layout: Layout,
    pixels: Image.Image,
    *,
    exact: bool,
    notes: tuple[str, ...],
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
        notes=notes,
    )


def _clip(layout: Layout) -> Rect | None:
    return None if layout.shown == layout.image else layout.shown.rect()


def _notes(spec: TileSpec, size: tuple[int, int], frames: int) -> tuple[str, ...]:
    """What the user should know about an image of that size as it is shown."""
    notes = ["is animated or has several pages; the first one is printed"] if frames > 1 else []
    if spec.settings.source_bleed_mm is None:
        notes.append(source_bleed.detect(*size, spec.width_mm, spec.height_mm).reason)
    return tuple(notes)
