"""Pixels -> compressed data that a PDF holds as it is."""

from __future__ import annotations

import io

from PIL import Image

from cardmaker.artwork import png
from cardmaker.artwork.tile import Encoded, Encoding

# Decoded pictures that were lossy before: high enough that no second generation shows, full colour resolution.
_JPEG_QUALITY = 92
_DEFLATE_LEVEL = 3


def lossless(pixels: Image.Image, level: int = _DEFLATE_LEVEL) -> Encoded:
    """Deflated with PNG's predictors; every pixel stays as it is. Mode L or RGB."""
    buffer = io.BytesIO()
    pixels.save(buffer, "PNG", compress_level=level)
    content = buffer.getvalue()
    parts = [content[start:end] for start, end in png.parse(content).spans]
    colors = len(pixels.getbands())
    return Encoded(Encoding(pixels.width, pixels.height, "FlateDecode", colors), b"".join(parts))


def lossy(pixels: Image.Image) -> Encoded:
    """A baseline JPEG without chroma subsampling. Mode L or RGB."""
    buffer = io.BytesIO()
    pixels.save(buffer, "JPEG", quality=_JPEG_QUALITY, subsampling=0)
    colors = len(pixels.getbands())
    return Encoded(Encoding(pixels.width, pixels.height, "DCTDecode", colors), buffer.getvalue())
