"""Pixels -> compressed data that a PDF holds as it is."""

from __future__ import annotations

import io
import zlib

from PIL import Image, ImageChops

from cardmaker.artwork import png
from cardmaker.artwork.tile import Encoded, Encoding

# Decoded pictures that were lossy before: high enough that no second generation shows, full colour resolution.
_JPEG_QUALITY = 92
_DEFLATE_LEVEL = 3
# A preview's proxies are shown smaller than they are, and in a JPEG with less colour resolution still.
_PROXY_QUALITY = 88
_SMALL_QUALITY = 75
# The filter that stands before a PNG's row: differences to the pixel on the left.
_SUB = b"\1"


def lossless(pixels: Image.Image) -> Encoded:
    """Deflated with PNG's predictors; every pixel stays as it is. Mode L or RGB."""
    buffer = io.BytesIO()
    pixels.save(buffer, "PNG", compress_level=_DEFLATE_LEVEL)
    content = buffer.getvalue()
    parts = [content[start:end] for start, end in png.parse(content).spans]
    colors = len(pixels.getbands())
    return Encoded(Encoding(pixels.width, pixels.height, "FlateDecode", colors), b"".join(parts))


def row(pixels: Image.Image) -> Encoded:
    """A single row, as `lossless` but a good deal quicker for so little. Mode L or RGB."""
    before = Image.new(pixels.mode, pixels.size)
    before.paste(pixels, (1, 0))
    content = zlib.compress(_SUB + ImageChops.subtract_modulo(pixels, before).tobytes(), 9)
    return Encoded(Encoding(pixels.width, 1, "FlateDecode", len(pixels.getbands())), content)


def lossy(pixels: Image.Image) -> Encoded:
    """A baseline JPEG without chroma subsampling. Mode L or RGB."""
    return _jpeg(pixels, quality=_JPEG_QUALITY, subsampling=0)


def proxy(pixels: Image.Image) -> Encoded:
    """What stands for an image in a preview: a JPEG with chroma subsampling. Mode L or RGB."""
    return _jpeg(pixels, quality=_PROXY_QUALITY)


def small(pixels: Image.Image) -> bytes:
    """A JPEG file of few bytes, to be told apart by. Mode L or RGB."""
    return _jpeg(pixels, quality=_SMALL_QUALITY, optimize=True).content


def _jpeg(pixels: Image.Image, **options: int) -> Encoded:
    buffer = io.BytesIO()
    pixels.save(buffer, "JPEG", **options)
    colors = len(pixels.getbands())
    return Encoded(Encoding(pixels.width, pixels.height, "DCTDecode", colors), buffer.getvalue())
