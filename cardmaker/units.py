"""Lengths with units. Inside, every length is a float in millimetres; a bare number is refused at the
door, because other tools disagree on whether it means percent, pixels or millimetres."""

from __future__ import annotations

import math
import re

from cardmaker.errors import SettingError, one_line

MM_PER_INCH = 25.4
PT_PER_MM = 72 / MM_PER_INCH

_MM_PER_UNIT = {
    "mm": 1.0,
    "cm": 10.0,
    "in": MM_PER_INCH,
    "inch": MM_PER_INCH,
    '"': MM_PER_INCH,
    "pt": 1 / PT_PER_MM,
}
_NUMBER = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)"
_LENGTH = re.compile(rf"\s*({_NUMBER})\s*(mm|cm|inch|in|\"|pt)\s*", re.IGNORECASE)
_MOST_SHOWN = 60
_BARE = re.compile(rf"\s*{_NUMBER}\s*")


def parse_length(text: str, what: str = "length") -> float:
    """Millimetres of a length such as `3mm`, `0.125in`, `1.2 cm`, `9pt`.

    Raises SettingError, naming `what`, for a bare number, an unknown unit or anything else.
    """
    match = _LENGTH.fullmatch(text)
    if match:
        value = float(match[1]) * _MM_PER_UNIT[match[2].lower()]
        if math.isfinite(value):
            return value + 0.0  # -0.0 is 0.0
    shown = one_line(text.strip())[:_MOST_SHOWN]
    if _BARE.fullmatch(text):
        raise SettingError(f'{what} "{shown}" has no unit; write {shown}mm or {shown}in')
    raise SettingError(f'{what} "{shown}" is not a length; write it like 3mm or 0.125in')


def parse_size(text: str, what: str = "size") -> tuple[float, float]:
    """Width and height in millimetres of `300mmx200mm` or `2.5in x 3.5in`; each needs its unit."""
    parts = re.split(r"[xX×]", text)
    if len(parts) != 2:
        raise SettingError(f'{what} "{one_line(text)[:_MOST_SHOWN]}" is not WIDTHxHEIGHT; write it like 70mmx120mm')
    return parse_length(parts[0], f"{what}: width"), parse_length(parts[1], f"{what}: height")


def format_number(value: float, digits: int = 2) -> str:
    """A number for people and for names: at most `digits` decimals, no trailing zeros, never `-0`."""
    text = f"{value:.{digits}f}"
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def counted(number: int, noun: str, several: str = "") -> str:
    """`1 page`, `1,204 pages`; `several` where an s does not do."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {several or f'{noun}s'}"


def mm_to_pt(mm: float) -> float:
    return mm * PT_PER_MM


def pt_to_mm(pt: float) -> float:
    return pt / PT_PER_MM


def mm_to_px(mm: float, dpi: float) -> float:
    """Pixels, unrounded: round only where a raster is made."""
    return mm / MM_PER_INCH * dpi
