"""Image bytes -> pixels, decoded right once: upright, in sRGB, 8 bits, without transparency."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from PIL import Image, ImageChops, UnidentifiedImageError

from cardmaker.artwork import colour, exif, png
from cardmaker.artwork.malformed import Malformed

# What Pillow may try, common ones first; it knows formats that start outside programs, which no upload shall.
FORMATS = ("JPEG", "PNG", "GIF", "BMP", "WEBP", "AVIF", "TIFF")
MAX_PIXELS = 64_000_000
MAX_SIDE = 30_000
# Ours is checked right after opening, so that Pillow's own, which only warns at first, need not be.
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
_PNG_BITS_AT = 24
Flatten = Callable[[Image.Image, Image.Image], Image.Image]
_LOSSLESS = {"PNG", "TIFF", "GIF", "BMP"}


@dataclass(frozen=True, slots=True)
class Picture:
    """`pixels` is in mode L or RGB, upright. `is_lossless` when the source had every pixel as it was drawn,
    `frames` how many the source holds (the first one is here)."""

    pixels: Image.Image
    is_lossless: bool
    frames: int


def over_white(pixels: Image.Image, alpha: Image.Image) -> Image.Image:
    return Image.composite(pixels, Image.new(pixels.mode, pixels.size, "white"), alpha)


def decode(data: bytes, flatten: Flatten = over_white) -> Picture:
    """Decodes the first frame; `flatten` lays pixels (L or RGB, upright) with that alpha over something.

    Raises Malformed, in words for the user, for whatever cannot be decoded."""
    with _opened(data) as image:
        check_size(*image.size)
        # The further frames of a phone's JPEG are its thumbnails and depth maps.
        frames = getattr(image, "n_frames", 1) if image.format != "MPO" else 1
        lossless = image.format in _LOSSLESS or (image.format == "WEBP" and data[12:16] == b"VP8L")
        image.load()
        _check_rows(image, data)
        upright = turned_upright(image, _orientation(image))
        if image.mode == "CMYK" and image.format in ("JPEG", "MPO") and "adobe" not in image.info:
            upright = ImageChops.invert(upright)  # Pillow takes every CMYK JPEG for Adobe's inverted kind
        pixels = _flattened(upright, _transparency(image, data), image.info.get("icc_profile"), _gamma(image), flatten)
        pixels.info = {}  # comments and the like, which an encoder would write down again
        return Picture(pixels, lossless, frames)


def decode_untouched(data: bytes, reduction: int = 1) -> Image.Image:
    """The pixels as stored, in mode L or RGB, for an image that is embedded as it is; smaller by that factor (1, 2,
    4 or 8) on each axis, which makes a JPEG cheaper to decode. Raises Malformed."""
    with _opened(data) as image:
        if image.format == "JPEG" and reduction > 1:
            image.draft(image.mode, (image.width // reduction, image.height // reduction))
        image.load()
        _check_rows(image, data)
        pixels = image if image.mode in ("L", "RGB") else image.convert("RGB")
    return pixels.reduce(reduction) if reduction > 1 and image.format != "JPEG" else pixels


def check_size(width: int, height: int) -> None:
    """Malformed for an image with more pixels than a card can use, or none: read off its header alone."""
    if max(width, height) > MAX_SIDE:
        raise Malformed(f"has {width} x {height} pixels; a side may have {MAX_SIDE} at most; scale it down")
    if width * height > MAX_PIXELS:
        raise Malformed(
            f"has {width} x {height} pixels, more than the limit of {MAX_PIXELS // 1_000_000} megapixels; "
            "scale it down (a poker card at 1200 ppi has 13)"
        )
    if width < 1 or height < 1:
        raise Malformed("has no pixels")


def _check_rows(image: Image.Image, data: bytes) -> None:
    """Malformed for a PNG whose data ends, properly, before its last row: Pillow leaves what is missing at zero and
    says nothing. Only an image that ends in zeros, or is interlaced, needs a second look."""
    if image.format != "PNG":
        return
    last_row = image.crop((0, image.height - 1, image.width, image.height))
    if image.info.get("interlace") or not any(last_row.tobytes()):
        png.check_data(data, png.parse(data))


@contextmanager
def _opened(data: bytes) -> Iterator[Image.Image]:
    """The image within which decoding fails with words for the user instead of Pillow's own errors."""
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            yield image
    except UnidentifiedImageError:
        raise Malformed("is no image that can be printed; use JPEG, PNG, WebP, AVIF, TIFF, GIF or BMP") from None
    except _PILLOW_RAISES as error:
        raise Malformed(f"is damaged or truncated ({_reason(error)})") from error


def _reason(error: Exception) -> str:
    return str(error).splitlines()[0][:100] if str(error) else type(error).__name__


def _gamma(image: Image.Image) -> float | None:
    """The tone curve of a PNG that says it has another one than sRGB's."""
    gamma = float(image.info.get("gamma", 0.0))
    return gamma if "srgb" not in image.info and png.is_another_curve(round(gamma * 100_000)) else None


def turned_upright(image: Image.Image, orientation: int) -> Image.Image:
    """Undoes an EXIF orientation."""
    method = _TURNS.get(orientation)
    return image if method is None else image.transpose(method)


def _orientation(image: Image.Image) -> int:
    """From EXIF alone, as for images that are embedded as they are; Pillow would look into XMP too. A TIFF has been
    turned when it was loaded."""
    raw: bytes = image.info.get("exif", b"") if image.format != "TIFF" else b""
    return exif.orientation(raw.removeprefix(b"Exif\0\0"))


def _transparency(image: Image.Image, data: bytes) -> Any:
    """The transparent colour on the scale of the samples: Pillow spreads grey of few bits to eight, but not this."""
    key = image.info.get("transparency")
    if image.format == "PNG" and image.mode == "L" and isinstance(key, int):
        return key * 255 // ((1 << data[_PNG_BITS_AT]) - 1)
    return key


def _flattened(
    image: Image.Image, transparent: Any, icc: bytes | None, gamma: float | None, flatten: Flatten
) -> Image.Image:
    if transparent is not None:
        image.info["transparency"] = transparent
    alpha = _alpha(image)
    pixels = _plain(image)
    if icc and colour.needs_conversion(icc):
        pixels = colour.to_srgb(pixels, icc)
    elif gamma and not icc:
        pixels = colour.gamma_to_srgb(pixels, gamma)
    if pixels.mode not in ("L", "RGB"):
        pixels = pixels.convert("RGB")
    if alpha is None or alpha.getextrema() == (255, 255):
        return pixels
    return flatten(pixels, alpha)


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


def _alpha(image: Image.Image) -> Image.Image | None:
    if image.mode in ("RGBA", "LA"):
        return image.getchannel("A")
    if image.mode in ("RGBa", "La"):
        return image.getchannel("a")
    transparent = image.info.get("transparency")
    if transparent is None:
        return None
    if image.mode.startswith("I"):
        return _where_not(image, int(transparent))
    return image.convert("RGBA").getchannel("A")


def _where_not(image: Image.Image, value: int) -> Image.Image:
    """255 where a 16-bit grey image has another value, else 0: Pillow makes no RGBA of that kind."""
    wide = image.convert("I")
    above = wide.point(lambda v: v * 1 - value).convert("L")  # converting clips to 0 and 255
    below = wide.point(lambda v: v * -1 + value).convert("L")
    return ImageChops.lighter(above, below).point(lambda v: 255 if v else 0)


def _eight_bits(image: Image.Image) -> Image.Image:
    """16-bit grey by its scale of 257 (a plain convert clips to white); wider kinds by their own range."""
    if image.mode.startswith("I;16"):
        return image.convert("I").point(lambda v: v * (1 / 257) + 0.5).convert("L")
    high = image.getextrema()[1]
    top = float(high) if isinstance(high, int | float) else 255.0
    scale = 1.0 if top <= 255 else 1 / 257 if top <= 65535 else 255 / top
    return image.point(lambda v: v * scale + 0.5).convert("L")
