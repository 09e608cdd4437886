"""Draws the decks: photograph-like cards from a fixed seed, once, into `.bench/`.

python -m benchmarks.drawing NAME...
"""

from __future__ import annotations

import os
import random
import shutil
import sys
from pathlib import Path

from PIL import Image, ImageDraw

from benchmarks.decks import DECKS, GROWTH, Deck

# Cells across, and how much of the picture they make: from broad shapes to fine ones.
_SHAPES = ((24, 0.45), (90, 0.3), (300, 0.14))
_GRAIN = 0.035
_CORNER_PX = 36


def draw(deck: Deck) -> None:
    """Draws a deck unless it is there."""
    if deck.back.exists():
        return
    shutil.rmtree(deck.fronts, ignore_errors=True)
    deck.fronts.mkdir(parents=True)
    for number in range(deck.cards):
        _card(deck, number, deck.fronts / f"card-{number:04}.{deck.kind}")
    _card(deck, deck.cards, deck.back)  # last: it says that the deck is whole


def _card(deck: Deck, number: int, path: Path) -> None:
    same = DECKS[f"jpeg-{GROWTH[-1]}"].fronts / path.name
    if deck.name.startswith("jpeg-") and deck.cards < GROWTH[-1] and same.exists():
        os.link(same, path)
        return
    picture = _photograph(number, deck.size)
    if deck.kind == "jpg":
        picture.save(path, quality=90)
        return
    if deck.name == "alpha":
        picture.putalpha(_rounded(deck.size))
    picture.save(path, compress_level=6)


def _photograph(seed: int, size: tuple[int, int]) -> Image.Image:
    noise = random.Random(seed)
    picture = _noise(noise, (6, 8), size)
    for cells, share in _SHAPES:
        picture = Image.blend(picture, _noise(noise, (cells, cells * size[1] // size[0]), size), share)
    return Image.blend(picture, _noise(noise, size, size), _GRAIN)


def _noise(noise: random.Random, cells: tuple[int, int], size: tuple[int, int]) -> Image.Image:
    grain = Image.frombytes("RGB", cells, noise.randbytes(cells[0] * cells[1] * 3))
    return grain if cells == size else grain.resize(size, Image.Resampling.BICUBIC)


def _rounded(size: tuple[int, int]) -> Image.Image:
    mask = Image.new("L", size)
    ImageDraw.Draw(mask).rounded_rectangle((0, 0, size[0] - 1, size[1] - 1), _CORNER_PX, fill=255)
    return mask


if __name__ == "__main__":
    for name in sys.argv[1:]:
        draw(DECKS[name])
