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

from cardmaker.artwork import bleed, colour, encode, exif, jpeg, png
from cardmaker.artwork.decode import check_size, decode, decode_untouched, turned_upright
from cardmaker.artwork.malformed import Malformed
from cardmaker.artwork.placement import Layout, lay_out
from cardmaker.artwork.tile import Encoded, Encoding, Fill, Strip, Tile, Untouched
from cardmaker.errors import ImageError
from cardmaker.sheet import Rect
from cardmaker.source import ImageSource, read_bytes
from cardmaker.spec import TileSpec
from cardmaker.units import mm_to_px

__all__ = ["Encoded", "Encoding", "Fill", "Strip", "Tile", "Untouched", "placeholder", "prepare"]

# What libjpeg decodes to at a fraction of the cost.
_REDUCTIONS = (1, 2, 4, 8)


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
    """An image whose data a PDF can hold as it is; width and height as stored. `png` is its header if it is one."""

    image: Untouched
    orientation: int
    frames: int
    png: png.Png | None = None


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
    return _Kept(Untouched(encoding, header.spans), header.orientation, frames=1)


def _png(data: bytes) -> _Kept | None:
    header = png.parse(data)
    check_size(header.width, header.height)
    if not header.is_embeddable or colour.needs_conversion(header.icc):
        return None
    encoding = Encoding(header.width, header.height, "FlateDecode", header.samples, header.bits, header.palette)
    frames = 2 if header.animated else 1
    return _Kept(Untouched(encoding, header.spans), header.orientation, frames, header)


def _untouched_tile(data: bytes, kept: _Kept, spec: TileSpec, ppi: float | None) -> Tile:
    encoding = kept.image.encoding
    width, height = encoding.width, encoding.height
    upright_size = (height, width) if exif.is_sideways(kept.orientation) else (width, height)
    layout = lay_out(spec, *upright_size)
    reduction = _reduction(layout, upright_size, ppi)
    if reduction == 1 and not _needs_bleed(layout):
        if kept.png:
            png.check_data(data, kept.png)
        return Tile(kept.image, kept.orientation, layout.image.rect(), _clip(layout), notes=_notes(kept.frames))
    pixels = turned_upright(decode_untouched(data, reduction), kept.orientation)
    if reduction > 1:
        return _with_bleed(encode.proxy(pixels), 1, layout, pixels, exact=False, frames=kept.frames)
    return _with_bleed(kept.image, kept.orientation, layout, pixels, exact=bool(kept.png), frames=kept.frames)


def _decoded_tile(data: bytes, spec: TileSpec, ppi: float | None) -> Tile:
    picture = decode(data)
    pixels = picture.pixels
    layout = lay_out(spec, *pixels.size)
    reduction = _reduction(layout, pixels.size, ppi)
    if reduction > 1:
        pixels = pixels.reduce(reduction)
        return _with_bleed(encode.proxy(pixels), 1, layout, pixels, exact=False, frames=picture.frames)
    image = encode.lossless(pixels) if picture.is_lossless else encode.lossy(pixels)
    return _with_bleed(image, 1, layout, pixels, exact=picture.is_lossless, frames=picture.frames)


def _reduction(layout: Layout, size: tuple[int, int], ppi: float | None) -> int:
    """By how much an image of that size (upright) can be smaller on each axis and still have about `ppi` on both:
    1, 2, 4 or 8."""
    if ppi is None:
        return 1
    image = layout.image
    # A card at 298 ppi is meant to have 300.
    times = min(px / mm_to_px(mm, ppi * 0.97) for px, mm in zip(size, (image.width, image.height), strict=True))
    return max((n for n in _REDUCTIONS if n <= min(times, *size)), default=1)


def _with_bleed(
    image: Untouched | Encoded,
    orientation: int,
    layout: Layout,
    pixels: Image.Image,
    *,
    exact: bool,
    frames: int,
) -> Tile:
    return Tile(
        image=image,
        orientation=orientation,
        area=layout.image.rect(),
        clip=_clip(layout),
        strips=bleed.strips(pixels, layout, exact=exact),
        fills=bleed.fills(pixels, layout),
        notes=_notes(frames),
    )


def _needs_bleed(layout: Layout) -> bool:
    return layout.left or layout.top or layout.right or layout.bottom


def _clip(layout: Layout) -> Rect | None:
    return None if layout.shown == layout.image else layout.shown.rect()


def _notes(frames: int) -> tuple[str, ...]:
    return ("is animated or has several pages; the first one is printed",) if frames > 1 else ()
