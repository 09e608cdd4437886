"""The one font for text on sheets: DejaVu Sans, bundled, embedded as a subset."""

from __future__ import annotations

import functools
import threading
from pathlib import Path

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

NAME = "CardmakerLabel"
PATH = Path(__file__).with_name("fonts") / "DejaVuSans.ttf"
_registering = threading.Lock()


def register() -> str:
    """Makes the font known to reportlab and gives its name there."""
    _font()
    return NAME


def width_pt(text: str, size_pt: float) -> float:
    """Advance width in points."""
    return float(_font().stringWidth(text, size_pt))


def missing_glyphs(text: str) -> str:
    """The characters that the font cannot draw, each once, in order."""
    known = _font().face.charToGlyph
    return "".join(dict.fromkeys(c for c in text if ord(c) not in known))


def _font() -> TTFont:
    with _registering:
        return _registered()


@functools.cache
def _registered() -> TTFont:
    font = TTFont(NAME, str(PATH))
    pdfmetrics.registerFont(font)
    return font
