"""Image bytes -> pixels, decoded right once: upright, in sRGB, 8 bits, without transparency."""

from __future__ import annotations

import io
import struct
import threading
import warnings
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from PIL import Image, ImageChops, UnidentifiedImageError

from cardmaker import limits
from cardmaker.artwork import alpha, colour, exif, jpeg, kinds, png
from cardmaker.artwork.facts import Conversion
from cardmaker.artwork.malformed import Malformed
from cardmaker.limits import Limits

# Ours are checked right after opening, so that Pillow's own, which only warns at first, need not be.
Image.MAX_IMAGE_PIXELS = None
# What its decoders raise on damaged bytes, or may.
_PILLOW_RAISES = (
    *(OSError, SyntaxError, ValueError, TypeError, RuntimeError, EOFError),
    *(LookupError, ArithmeticError, AttributeError, struct.error, zlib.error),
)
# EXIF orientation -> what puts the stored pixels upright.
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# Of every channel, in rows that a PNG has no data for: a value that few images end in.
_UNTOUCHED = 93
_LOSSLESS = {"PNG", "TIFF", "GIF", "BMP"}
# Pillow warns of a TIFF's odd tags, and Python's filter of warnings is one for the whole process.
_tiff = threading.Lock()

Flatten = Callable[[Image.Image, Image.Image], Image.Image]
# What was read of a file before it is decoded: all but the pixels of a JPEG or PNG, nothing of other kinds.
Header = jpeg.Jpeg | png.Png | None


@dataclass(frozen=True, slots=True)
class Picture:
    """`pixels` is in mode L or RGB, upright. `is_lossless` when the source had every pixel as it was drawn,
    `has_more_frames` when it holds more than the one here."""

    pixels: Image.Image
    is_lossless: bool
    has_more_frames: bool
    conversion: Conversion
    veil: Image.Image | None


def read_header(data: bytes, limits: Limits = limits.DEFAULT) -> Header:
    """Structure and size of a JPEG or PNG, walked from end to end. Raises Malformed for one that is not whole."""
    header: Header = None
    if data.startswith(jpeg.SIGNATURE):
        header = jpeg.parse(data)
    elif data.startswith(png.SIGNATURE):
        header = png.parse(data)
    if header:
        check_size(header.width, header.height, limits)
    return header


def size_of(data: bytes, header: Header, limits: Limits = limits.DEFAULT) -> tuple[int, int]:
    """Width and height as stored, without decoding. Raises Malformed for too many pixels, or bytes that are no
    image."""
    if header:
        return header.width, header.height
    with _opened(data, header) as image:
        check_size(*image.size, limits)
        return image.size


def decode(
    data: bytes, header: Header, limits: Limits = limits.DEFAULT, flatten: Flatten = alpha.over_white
) -> Picture:
    """Decodes the first frame; `flatten` lays pixels (L or RGB, upright) with that alpha over something. Raises
    Malformed, in words for the user, for whatever cannot be decoded."""
    with _opened(data, header) as image:
        check_size(*image.size, limits)
        more = header.animated if isinstance(header, png.Png) else bool(getattr(image, "is_animated", False))
        lossless = image.format in _LOSSLESS or (image.format == "WEBP" and data[12:16] == b"VP8L")
        _load(image, data, header)
        upright = turned_upright(image, header.orientation if header else _orientation(image))
        if isinstance(header, jpeg.Jpeg) and image.mode == "CMYK" and header.adobe_transform is None:
            upright = ImageChops.invert(upright)  # Pillow takes every CMYK JPEG for Adobe's inverted kind
        pixels, conversion = _in_srgb(upright, header)
        veil = alpha.of(upright, header)
        if veil and veil.getextrema() == (255, 255):
            veil = None
        if veil:
            pixels = flatten(pixels, veil)
        pixels.info = {}  # comments and the like, which an encoder would write down again
        return Picture(pixels, lossless, more, conversion, veil)


def decode_untouched(data: bytes, header: Header, reduction: int = 1) -> Image.Image:
    """The pixels as stored, in mode L or RGB, for an image that is embedded as it is; smaller by that factor (1, 2,
    4 or 8) on each axis, which makes a JPEG cheaper to decode. Raises Malformed."""
    with _opened(data, header) as image:
        if header and image.size != (header.width, header.height):  # another size than the one that was judged
            raise Malformed("is damaged: it has two sizes")
        drafted = image.format == "JPEG" and reduction > 1
        if drafted:
            image.draft(image.mode, (max(1, image.width // reduction), max(1, image.height // reduction)))
        _load(image, data, header)
        pixels = image if image.mode in ("L", "RGB") else image.convert("RGB")
        pixels.info = {}  # comments and the like, which an encoder would write down again
    return pixels.reduce(reduction) if reduction > 1 and not drafted else pixels


def check_size(width: int, height: int, limits: Limits = limits.DEFAULT) -> None:
    """Malformed for an image with more pixels than a card can use, or none: read off its header alone."""
    if max(width, height) > limits.side_px:
        raise Malformed(f"has {width} x {height} pixels; a side may have {limits.side_px} at most; scale it down")
    if width * height > limits.pixels_per_image:
        raise Malformed(
            f"has {width} x {height} pixels, more than the limit of {limits.pixels_per_image / 1e6:g} megapixels; "
            "scale it down (a poker card at 1200 ppi has 13)"
        )
    if width < 1 or height < 1:
        raise Malformed("has no pixels")


def _load(image: Image.Image, data: bytes, header: Header) -> None:
    """Decodes. Malformed for a PNG whose data ends, properly, before its last row, which Pillow says nothing about:
    it decodes into an image of one odd value, and one that ends in a row of it, or is interlaced, is looked at
    again."""
    if not isinstance(header, png.Png):
        image.load()
        return
    value = (_UNTOUCHED,) * len(image.getbands())
    image.im = Image.new(image.mode, image.size, value).im
    image.load()
    last_row = image.crop((0, image.height - 1, image.width, image.height)).tobytes()
    if header.interlaced or last_row == Image.new(image.mode, (image.width, 1), value).tobytes():
        png.check_data(data, header)


def turned_upright(image: Image.Image, orientation: int) -> Image.Image:
    """Undoes an EXIF orientation."""
    method = _TURNS.get(orientation)
    return image if method is None else image.transpose(method)


@contextmanager
def _opened(data: bytes, header: Header) -> Iterator[Image.Image]:
    """The image within which decoding fails with words for the user instead of Pillow's own errors. Of a JPEG or PNG
    Pillow gets the picture alone, since it stops at, or warns of, metadata that does not matter here."""
    kinds.check_readable(data)
    if isinstance(header, jpeg.Jpeg):
        data = jpeg.bare(data, header)
    elif isinstance(header, png.Png):
        data = png.bare(data, header)
    try:
        with _without_warnings(data), Image.open(io.BytesIO(data), formats=kinds.FORMATS) as image:
            yield image
    except UnidentifiedImageError:
        raise kinds.unidentified(data) from None
    except _PILLOW_RAISES as error:
        raise Malformed(f"is damaged or truncated ({_reason(error)})") from error


@contextmanager
def _without_warnings(data: bytes) -> Iterator[None]:
    if kinds.kind_of(data) != "TIFF":
        yield
        return
    with _tiff, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _reason(error: Exception) -> str:
    return str(error).splitlines()[0][:100] if str(error) else type(error).__name__


def _orientation(image: Image.Image) -> int:
    """From EXIF alone, as for images that are embedded as they are; Pillow would look into XMP too. A TIFF has been
    turned when it was loaded."""
    raw: bytes = image.info.get("exif", b"") if image.format != "TIFF" else b""
    return exif.orientation(raw.removeprefix(b"Exif\0\0"))


def _in_srgb(image: Image.Image, header: Header) -> tuple[Image.Image, Conversion]:
    """Without alpha and palette, in mode L or RGB."""
    pixels = _plain(image)
    icc: Any = header.icc if header else image.info.get("icc_profile")
    conversion = Conversion.CMYK if pixels.mode == "CMYK" else Conversion.NONE
    if icc and colour.needs_conversion(icc):
        converted = colour.to_srgb(pixels, icc)
        if converted is not pixels:
            conversion = _by_profile(pixels, header)
            pixels = converted
    return (pixels if pixels.mode in ("L", "RGB") else pixels.convert("RGB")), conversion


def _by_profile(pixels: Image.Image, header: Header) -> Conversion:
    if isinstance(header, png.Png) and header.is_hdr:
        return Conversion.HDR
    return Conversion.CMYK_PROFILE if pixels.mode == "CMYK" else Conversion.PROFILE


def _plain(image: Image.Image) -> Image.Image:
    """Without alpha and palette: L, RGB or CMYK."""
    if image.mode in ("L", "RGB", "CMYK"):
        return image
    if image.mode.startswith("I") or image.mode == "F":
        return _eight_bits(image)
    if image.mode in ("1", "LA", "La"):
        return image.convert("LA").getchannel("L") if image.mode == "La" else image.convert("L")
    if image.mode == "RGBa":
        return image.convert("RGBA").convert("RGB")
    if image.mode == "P" and "transparency" in image.info:
        return image.convert("RGBA").convert("RGB")
    return image.convert("RGB")


def _eight_bits(image: Image.Image) -> Image.Image:
    """16-bit grey by its scale of 257 (a plain convert clips to white); wider kinds by their own range."""
    if image.mode.startswith("I;16"):
        return image.convert("I").point(lambda v: v * (1 / 257) + 0.5).convert("L")
    high = image.getextrema()[1]
    top = float(high) if isinstance(high, int | float) else 255.0
    scale = 1.0 if top <= 255 else 1 / 257 if top <= 65535 else 255 / top
    return image.point(lambda v: v * scale + 0.5).convert("L")
