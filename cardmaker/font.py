"""The one font for text on sheets: DejaVu Sans, bundled, embedded as a subset."""

from __future__ import annotations

import functools
import hashlib
import threading
from pathlib import Path

from PIL import ImageFont
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

NAME = "CardmakerLabel"
PATH = Path(__file__).with_name("fonts") / "DejaVuSans.ttf"
_UNITS = 200
_registering = threading.Lock()
_measuring = threading.Lock()


def register() -> str:
    """Makes the font known to reportlab and gives its name there."""
    _font()
    return NAME


@functools.cache
def digest() -> str:
    """sha256 of the font file, in hex."""
    return hashlib.sha256(PATH.read_bytes()).hexdigest()


def width_pt(text: str, size_pt: float) -> float:
    """Advance width in points."""
    return float(_font().stringWidth(text, size_pt))


def reach_em(text: str) -> tuple[float, float]:
    """How far the text's ink reaches above and below its baseline, in ems; a hundredth is not told apart."""
    with _measuring:
        _, top, _, bottom = _outlines().getbbox(text, anchor="ls")
    return -top / _UNITS, bottom / _UNITS


def missing_glyphs(text: str) -> str:
    """The characters that the font cannot draw, each once, in order."""
    known = _font().face.charToGlyph
    return "".join(dict.fromkeys(c for c in text if ord(c) not in known))


@functools.cache
def _outlines() -> ImageFont.FreeTypeFont:
    # The plain layout: the one that reportlab draws with.
    return ImageFont.truetype(str(PATH), _UNITS, layout_engine=ImageFont.Layout.BASIC)


def _font() -> TTFont:
    with _registering:
        return _registered()


@functools.cache
def _registered() -> TTFont:
    font = TTFont(NAME, str(PATH))
    pdfmetrics.registerFont(font)
    return font
