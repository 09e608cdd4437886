"""What the sample cards are painted on, drawn at twice the size and reduced, which smooths every edge."""

from __future__ import annotations

import io
import math
import random
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import Image, ImageDraw, ImageFont

WIDTH_PX, HEIGHT_PX = 745, 1040  # 63 x 88 mm at 300 ppi
_SCALE = 2
_W, _H = WIDTH_PX * _SCALE, HEIGHT_PX * _SCALE
_FONT = Path(__file__).parent.parent / "fonts" / "DejaVuSans.ttf"


class Canvas:
    """One card while it is painted; coordinates are shares of its width and height."""

    def __init__(self, top: str, bottom: str, seed: int) -> None:
        from PIL import Image, ImageDraw, ImageOps

        column = ImageOps.colorize(Image.linear_gradient("L").resize((1, _H)), top, bottom)
        self.image: Image.Image = column.resize((_W, _H), Image.Resampling.NEAREST)
        self.draw: ImageDraw.ImageDraw = ImageDraw.Draw(self.image, "RGBA")
        self.random = random.Random(seed)

    def shape(self, points: Iterable[tuple[float, float]], colour: str) -> None:
        self.draw.polygon([(x * _W, y * _H) for x, y in points], fill=colour)

    def disc(self, x: float, y: float, radius: float, colour: str) -> None:
        self.draw.circle((x * _W, y * _H), radius * _W, fill=colour)

    def ring(self, x: float, y: float, radius: float, colour: str, width: float = 0.004) -> None:
        self.draw.circle((x * _W, y * _H), radius * _W, outline=colour, width=round(width * _W))

    def glow(self, x: float, y: float, radius: float, colour: str) -> None:
        """A light that fades from its middle."""
        from PIL import Image, ImageColor

        side = round(2 * radius * _W)
        # Pillow's gradient ends in the corners of its square; this one ends on the circle within.
        fading = Image.radial_gradient("L").point([max(0, 255 - round(v * math.sqrt(2))) for v in range(256)])
        fading = fading.resize((side, side), Image.Resampling.BILINEAR)
        corner = (round(x * _W) - side // 2, round(y * _H) - side // 2)
        self.image.paste(ImageColor.getrgb(colour), (*corner, corner[0] + side, corner[1] + side), fading)

    def text(self, x: float, y: float, words: str, size: float, colour: str) -> None:
        self.draw.text((x * _W, y * _H), words, fill=colour, font=_font(round(size * _W)), anchor="mm")

    def bar(self, x: float, y: float, right: float, bottom: float, radius: float, colour: str) -> None:
        corners = (x * _W, y * _H, right * _W, bottom * _H)
        self.draw.rounded_rectangle(corners, radius * _W, fill=colour)

    def oval(self, x: float, y: float, radius: float, flatness: float, colour: str) -> None:
        across, down = radius * _W, radius * _W * flatness
        self.draw.ellipse((x * _W - across, y * _H - down, x * _W + across, y * _H + down), fill=colour)

    def jpeg(self) -> bytes:
        stream = io.BytesIO()
        self.image.reduce(_SCALE).save(stream, "JPEG", quality=90)
        return stream.getvalue()


def _font(size: int) -> ImageFont.FreeTypeFont:
    from PIL import ImageFont

    # The basic layout is the same on every machine.
    return ImageFont.truetype(_FONT, size, layout_engine=ImageFont.Layout.BASIC)
