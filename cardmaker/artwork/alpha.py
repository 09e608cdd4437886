"""What lets through what lies behind it: an alpha channel, a transparent colour, entries of a palette."""

from __future__ import annotations

from PIL import Image, ImageChops

from cardmaker.artwork import jpeg, png


def of(image: Image.Image, header: jpeg.Jpeg | png.Png | None) -> Image.Image | None:
    """The alpha of an image as Pillow has loaded it, in mode L; None when it has none."""
    if image.mode in ("RGBA", "LA"):
        return image.getchannel("A")
    if image.mode in ("RGBa", "La"):
        return image.getchannel("a")
    transparent = image.info.get("transparency")
    if transparent is None:
        return None
    if image.mode.startswith("I"):
        return _where_not(image, int(transparent))
    if image.mode == "L" and isinstance(header, png.Png) and isinstance(transparent, int):
        # Pillow spreads grey of few bits to eight, but not the value that is transparent.
        image.info["transparency"] = transparent * 255 // ((1 << header.bits) - 1)
    return image.convert("RGBA").getchannel("A")


def over_white(pixels: Image.Image, alpha: Image.Image) -> Image.Image:
    """The image (L or RGB) as it looks on paper."""
    return Image.composite(pixels, Image.new(pixels.mode, pixels.size, "white"), alpha)


def _where_not(image: Image.Image, value: int) -> Image.Image:
    """255 where a 16-bit grey image has another value, else 0: Pillow makes no RGBA of that kind."""
    wide = image.convert("I")
    above = wide.point(lambda v: v * 1 - value).convert("L")  # converting clips to 0 and 255
    below = wide.point(lambda v: v * -1 + value).convert("L")
    return ImageChops.lighter(above, below).point(lambda v: 255 if v else 0)
