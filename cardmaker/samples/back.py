"""The common back of the sample deck: a compass under a night sky, whose gold needle points up."""

from __future__ import annotations

import math

from cardmaker.samples.canvas import HEIGHT_PX, WIDTH_PX, Canvas
from cardmaker.samples.scenes import stars

_MIDDLE = (0.5, 0.47)


def paint(canvas: Canvas) -> None:
    for i in range(14):
        canvas.ring(*_MIDDLE, 0.1 + 0.09 * i, "#ffffff14", width=0.006)
    stars(canvas, "#d7f3ee", 60, below=1.0)
    canvas.disc(*_MIDDLE, 0.36, "#06202c")
    canvas.ring(*_MIDDLE, 0.36, "#d9b45b", width=0.012)
    canvas.ring(*_MIDDLE, 0.33, "#d9b45b", width=0.004)
    for degrees in (45, 135, 225, 315):
        _needle(canvas, degrees, 0.2, "#2f7f86", "#1c5a62")
    for degrees in (90, 180, 270):
        _needle(canvas, degrees, 0.28, "#cfe9e4", "#7fb3b0")
    _needle(canvas, 0, 0.42, "#f6d98b", "#c99a35")
    canvas.disc(*_MIDDLE, 0.03, "#06202c")
    canvas.text(0.5, 0.1, "N", 0.1, "#f6d98b")
    canvas.text(0.5, 0.9, "CARDMAKER", 0.06, "#d9b45b")


def _needle(canvas: Canvas, degrees: float, length: float, light: str, dark: str) -> None:
    """One point of the compass, half in the light; 0 degrees is up."""
    tip, foot = _turned(0, -length, degrees), _MIDDLE
    for side, colour in ((-1, light), (1, dark)):
        canvas.shape([foot, _turned(side * length * 0.17, -length * 0.17, degrees), tip], colour)


def _turned(x: float, y: float, degrees: float) -> tuple[float, float]:
    angle = math.radians(degrees)
    right, down = x * math.cos(angle) - y * math.sin(angle), x * math.sin(angle) + y * math.cos(angle)
    return _MIDDLE[0] + right, _MIDDLE[1] + down * WIDTH_PX / HEIGHT_PX
