"""A sample deck, drawn by our own code: thirteen landscapes and a back that shows which way is up.

Made once, in about half a second, and kept for the life of the process.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

from cardmaker.deck import Artwork, assemble
from cardmaker.samples import back
from cardmaker.samples.canvas import Canvas
from cardmaker.samples.scenes import SCENES
from cardmaker.source import BytesSource

_INK, _PAPER = "#10182ce0", "#fffaf0"
_lock = threading.Lock()
_made: list[Artwork] = []


def deck() -> Artwork:
    """Thirteen cards, so that a letter sheet is followed by a partial one, and their common back."""
    with _lock:
        if not _made:
            _made.append(_make())
        return _made[0]


def _make() -> Artwork:
    with ThreadPoolExecutor(2) as pool:
        *fronts, reverse = pool.map(draw, range(1, len(SCENES) + 2))
    return assemble(fronts, reverse)


def draw(number: int) -> BytesSource:
    """The front of that number; the back comes after the last one."""
    if number > len(SCENES):
        canvas = Canvas("#0b3a44", "#06202c", seed=0)
        back.paint(canvas)
        return BytesSource("back.jpg", canvas.jpeg())
    scene = SCENES[number - 1]
    canvas = Canvas(*scene.sky, seed=number)
    scene.paint(canvas, scene.ink)
    canvas.bar(0.09, 0.865, 0.91, 0.94, 0.035, _INK)
    canvas.text(0.5, 0.902, scene.name, 0.058, _PAPER)
    canvas.disc(0.155, 0.11, 0.068, _INK)
    canvas.text(0.155, 0.11, str(number), 0.062, _PAPER)
    return BytesSource(f"{number:02} {scene.name}.jpg", canvas.jpeg())
