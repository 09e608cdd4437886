"""The thirteen landscapes of the sample deck, and the shapes they are made of."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from cardmaker.samples.canvas import Canvas


@dataclass(frozen=True, slots=True)
class Scene:
    """A card's name, its sky from top to bottom, and what is painted upon it in a colour of its own."""

    name: str
    sky: tuple[str, str]
    ink: str
    paint: Callable[[Canvas, str], None]


def stars(canvas: Canvas, colour: str, count: int, below: float = 0.6) -> None:
    for _ in range(count):
        x, y = canvas.random.random(), canvas.random.random() * below
        canvas.disc(x, y, canvas.random.choice((0.002, 0.003, 0.005)), colour)


def _ridge(canvas: Canvas, base: float, height: float, colour: str, peaks: int = 5) -> None:
    """Mountains whose feet are at `base`, filled down to the card's foot."""
    steps = peaks * 2
    points = [(0.0, 1.0)]
    for i in range(steps + 1):
        rise = height * (0.6 + 0.4 * canvas.random.random()) if i % 2 else height * 0.25 * canvas.random.random()
        points.append((i / steps, base - rise))
    canvas.shape([*points, (1.0, 1.0)], colour)


def _swell(canvas: Canvas, level: float, height: float, waves: float, colour: str, shift: float = 0.0) -> None:
    """A smooth rolling line, filled down to the card's foot: water, dunes or hills."""
    crest = [(i / 60, level - height * math.sin((i / 60 * waves + shift) * 2 * math.pi) / 2) for i in range(61)]
    canvas.shape([(0.0, 1.0), *crest, (1.0, 1.0)], colour)


def _peak(canvas: Canvas, x: float, base: float, width: float, height: float, colours: tuple[str, str]) -> None:
    """One mountain, lit from the left."""
    top = (x, base - height)
    canvas.shape([(x - width, base), top, (x + width, base)], colours[0])
    canvas.shape([(x + width * 0.15, base), top, (x + width, base)], colours[1])


def _tree(canvas: Canvas, x: float, base: float, height: float, colour: str) -> None:
    for i in range(3):
        wide, foot = height * (0.34 - 0.08 * i), base - height * 0.27 * i
        canvas.shape([(x - wide, foot), (x, foot - height * 0.46), (x + wide, foot)], colour)


def _crystal(canvas: Canvas, x: float, base: float, width: float, height: float, lean: float) -> None:
    """A faceted shard in three shades."""
    top, shoulder = base - height, base - height * 0.78
    tip, left, right = (x + lean, top), (x - width + lean * 0.8, shoulder), (x + width + lean * 0.8, shoulder)
    ridge = (x + width * 0.2 + lean * 0.8, shoulder + 0.02)
    canvas.shape([(x - width, base), left, tip, ridge, (x, base)], "#c9a7ff")
    canvas.shape([(x, base), ridge, tip, right, (x + width, base)], "#7d4fd6")
    canvas.shape([left, tip, ridge], "#eadcff")


def _first_light(canvas: Canvas, ink: str) -> None:
    canvas.glow(0.5, 0.52, 0.75, "#fff1c4")
    for i in range(13):
        a, b = math.radians(180 + 15 * i), math.radians(185 + 15 * i)
        ray = [(0.5 + math.cos(t) * 1.4, 0.52 + math.sin(t)) for t in (a, b)]
        canvas.shape([(0.5, 0.52), *ray], "#ffffff30")
    canvas.disc(0.5, 0.52, 0.22, "#fff6dc")
    for i, colour in enumerate(("#e8a583", "#dd8a69", "#d17253", "#c65d41", "#bb4c34", ink)):
        _swell(canvas, 0.58 + 0.07 * i, 0.02 + 0.006 * i, 3 - 0.25 * i, colour, 0.37 * i)


def _high_pass(canvas: Canvas, ink: str) -> None:
    canvas.disc(0.74, 0.22, 0.1, "#fff7e6")
    for level, height, colour in ((0.62, 0.3, "#a9c4df"), (0.72, 0.28, "#7199c2"), (0.82, 0.24, "#44709f")):
        _ridge(canvas, level, height, colour)
    _ridge(canvas, 0.95, 0.22, ink, peaks=4)


def _crystal_cave(canvas: Canvas, ink: str) -> None:
    canvas.glow(0.5, 0.62, 0.7, "#8f5cff")
    for i in range(9):
        canvas.shape([(i / 8 - 0.09, 0), (i / 8, 0.1 + 0.09 * canvas.random.random()), (i / 8 + 0.09, 0)], ink)
    for x, width, height, lean in (
        (0.16, 0.06, 0.32, -0.07),
        (0.84, 0.07, 0.36, 0.08),
        (0.32, 0.08, 0.46, -0.04),
        (0.68, 0.08, 0.42, 0.05),
        (0.5, 0.11, 0.6, 0.0),
    ):
        _crystal(canvas, x, 0.9, width, height, lean)
    _ridge(canvas, 0.94, 0.09, ink, peaks=7)


def _pinewood(canvas: Canvas, ink: str) -> None:
    canvas.glow(0.3, 0.28, 0.45, "#fdf6cf")
    for base, height, count, colour in (
        (0.62, 0.2, 11, "#8fbf8f"),
        (0.74, 0.28, 8, "#4d8f63"),
        (0.92, 0.4, 6, ink),
    ):
        canvas.shape([(0, base - 0.01), (1, base - 0.01), (1, 1), (0, 1)], colour)
        for i in range(count):
            _tree(
                canvas,
                (i + canvas.random.random()) / count,
                base,
                height * (0.8 + 0.3 * canvas.random.random()),
                colour,
            )


def _full_moon(canvas: Canvas, ink: str) -> None:
    stars(canvas, "#ffffff", 70)
    canvas.glow(0.5, 0.36, 0.6, "#5566a8")
    canvas.disc(0.5, 0.36, 0.25, "#f4efd9")
    for x, y, radius in ((0.42, 0.31, 0.05), (0.58, 0.4, 0.07), (0.48, 0.45, 0.03), (0.6, 0.28, 0.025)):
        canvas.disc(x, y, radius, "#dcd4b8")
    _swell(canvas, 0.76, 0.06, 1.2, "#27305c", 0.1)
    _swell(canvas, 0.84, 0.05, 1.6, ink, 0.5)


def _long_dunes(canvas: Canvas, ink: str) -> None:
    canvas.disc(0.3, 0.26, 0.13, "#fff3d0")
    shades = ("#f3c582", "#e9a85f", "#d98846", "#bd6a34", ink)
    for i, colour in enumerate(shades):
        _swell(canvas, 0.5 + 0.1 * i, 0.09, 0.8 + 0.25 * (i % 3), colour, 0.31 * i)


def _great_wave(canvas: Canvas, ink: str) -> None:
    for i in range(7):
        level, colour = (
            0.36 + 0.1 * i,
            ("#bfe3ee", "#7cc0d8", "#4499bd", "#2a789f", "#1c5d84", "#134768", ink)[i],
        )
        for k in range(-1, 7):
            canvas.disc((k + 0.5 * (i % 2)) / 5, level + 0.1, 0.155, "#eefaff")
            canvas.disc((k + 0.5 * (i % 2)) / 5, level + 0.1, 0.142, colour)
            canvas.ring((k + 0.5 * (i % 2)) / 5, level + 0.1, 0.1, "#ffffff66", width=0.01)


def _ember(canvas: Canvas, ink: str) -> None:
    canvas.glow(0.5, 0.3, 0.65, "#ff7a2f")
    for _ in range(70):
        x, y = 0.5 + canvas.random.gauss(0, 0.17), 0.34 - abs(canvas.random.gauss(0, 0.14))
        canvas.disc(x, y, canvas.random.choice((0.004, 0.007, 0.011)), canvas.random.choice(("#ffd166", "#ff9f43")))
    canvas.shape([(-0.1, 0.95), (0.4, 0.38), (0.6, 0.38), (1.1, 0.95)], ink)
    canvas.shape(
        [(0.42, 0.38), (0.58, 0.38), (0.54, 0.5), (0.6, 0.66), (0.52, 0.84), (0.48, 0.62), (0.45, 0.5)],
        "#ff5a1f",
    )
    canvas.shape([(0.46, 0.38), (0.54, 0.38), (0.51, 0.5), (0.54, 0.66), (0.5, 0.5)], "#ffc247")
    _ridge(canvas, 0.95, 0.12, "#140708", peaks=6)


def _aurora(canvas: Canvas, ink: str) -> None:
    stars(canvas, "#e8fff8", 60)
    for i, colour in enumerate(("#2ff0a840", "#37d6c848", "#6fb7ff48", "#b98cff48")):
        for k in range(4):
            foot = [(x / 20, 0.5 - 0.05 * i + 0.07 * math.sin(x / 4 + i * 1.3)) for x in range(21)]
            crest = [(x, y - 0.06 - 0.07 * k) for x, y in reversed(foot)]
            canvas.shape([*foot, *crest], colour)
    _ridge(canvas, 0.82, 0.2, "#12304a")
    for i in range(9):
        _tree(canvas, i / 8, 0.9, 0.16 + 0.07 * canvas.random.random(), ink)
    canvas.shape([(0, 0.88), (1, 0.88), (1, 1), (0, 1)], ink)


def _eclipse(canvas: Canvas, ink: str) -> None:
    stars(canvas, "#ffe9d6", 50, below=0.9)
    canvas.glow(0.5, 0.4, 0.72, "#ffb35c")
    for i in range(5):
        canvas.ring(0.5, 0.4, 0.34 + 0.06 * i, "#ffe3b8" + ("70", "50", "38", "24", "14")[i], width=0.006)
    canvas.disc(0.5, 0.4, 0.27, "#fff6e4")
    canvas.disc(0.507, 0.403, 0.258, "#1a0d1f")
    _ridge(canvas, 0.9, 0.14, ink, peaks=4)


def _starfall(canvas: Canvas, ink: str) -> None:
    stars(canvas, "#ffffff", 110, below=0.8)
    for x, y, length in ((0.25, 0.5, 0.75), (0.62, 0.34, 0.4), (0.72, 0.62, 0.45), (0.14, 0.24, 0.3)):
        canvas.shape([(x - 0.012, y - 0.006), (x + length, y - length * 0.62), (x + 0.012, y + 0.006)], "#ffffff59")
        canvas.glow(x, y, 0.07, "#fff3c9")
        canvas.disc(x, y, 0.02, "#ffffff")
    _swell(canvas, 0.82, 0.08, 1.0, "#3a2a6b", 0.2)
    _swell(canvas, 0.9, 0.06, 1.4, ink, 0.7)


def _snowfield(canvas: Canvas, ink: str) -> None:
    for x, width, height in ((0.22, 0.36, 0.3), (0.8, 0.4, 0.34), (0.5, 0.46, 0.46)):
        _peak(canvas, x, 0.72, width, height, ("#8fb3d1", "#5d86ab"))
        _peak(canvas, x, 0.72 - height * 0.62, width * 0.38, height * 0.38, ("#ffffff", "#d3e4f1"))
    _swell(canvas, 0.7, 0.05, 1.3, "#f6fbff")
    _swell(canvas, 0.8, 0.06, 1.0, "#dfeaf5", 0.4)
    for i in range(5):
        _tree(canvas, 0.1 + 0.2 * i, 0.82 + 0.03 * (i % 2), 0.15, ink)
    stars(canvas, "#ffffff", 110, below=1.0)


def _deep_water(canvas: Canvas, ink: str) -> None:
    for i in range(4):
        x = 0.1 + 0.24 * i
        canvas.shape([(x, 0), (x + 0.1, 0), (x + 0.32 - 0.1 * i, 0.9), (x + 0.02 - 0.1 * i, 0.9)], "#ffffff1c")
    for _ in range(40):
        x, y, radius = (
            canvas.random.random(),
            canvas.random.random() * 0.8,
            canvas.random.choice((0.008, 0.014, 0.024)),
        )
        canvas.ring(x, y, radius, "#dffaff8c")
    for i in range(7):
        x = i / 6
        sway = [(x + 0.03 * math.sin(k / 1.6 + i), 0.95 - k * (0.035 + 0.012 * (i % 3))) for k in range(11)]
        canvas.shape([*((a - 0.022, b) for a, b in sway), *((a + 0.022, b) for a, b in reversed(sway))], ink)
    for x, y, size, colour in (
        (0.62, 0.36, 0.13, "#ffb84d"),
        (0.3, 0.54, 0.09, "#ff7f6b"),
        (0.74, 0.62, 0.07, "#ffd98a"),
    ):
        canvas.shape([(x + size * 0.8, y), (x + size * 1.5, y - size * 0.4), (x + size * 1.5, y + size * 0.4)], colour)
        canvas.oval(x, y, size, 0.55, colour)
        canvas.disc(x - size * 0.55, y - size * 0.1, size * 0.1, "#10182c")


SCENES = (
    Scene("First Light", ("#ff9a5a", "#ffd9a0"), "#b4452c", _first_light),
    Scene("High Pass", ("#cfe3f5", "#fbe6d4"), "#1d3f68", _high_pass),
    Scene("Crystal Cave", ("#160a2e", "#3d1a74"), "#0d061c", _crystal_cave),
    Scene("Pinewood", ("#d8ecc9", "#f3f6dc"), "#173f2d", _pinewood),
    Scene("Full Moon", ("#0c1230", "#36407c"), "#121735", _full_moon),
    Scene("Long Dunes", ("#f7a072", "#fbe0b0"), "#8f4a26", _long_dunes),
    Scene("Great Wave", ("#fdf1dc", "#f6d9b5"), "#0d3350", _great_wave),
    Scene("Ember", ("#1a0708", "#5c1510"), "#2b0e0d", _ember),
    Scene("Aurora", ("#061226", "#0f3350"), "#04101c", _aurora),
    Scene("Eclipse", ("#1a0d1f", "#7a2f3a"), "#12070f", _eclipse),
    Scene("Starfall", ("#0f0b33", "#7b4fa8"), "#1a1140", _starfall),
    Scene("Snowfield", ("#9cc3e6", "#e6f1fa"), "#24506b", _snowfield),
    Scene("Deep Water", ("#2fb7c9", "#053a5c"), "#0b6b58", _deep_water),
)
