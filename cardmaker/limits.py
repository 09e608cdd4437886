"""How much a deck may ask for. All of it is read off headers and sizes, before anything is decoded."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """`pixels_at_once` is how much may be decoded at the same time, by all threads of a process that share a gate; an
    image with more goes alone. `images_per_deck` counts files: fronts and backs. Of a ZIP, `archive_entries` counts all
    that is in it, `archive_bytes` is what it unpacks to, `archive_ratio` how many times its own size that may be.

    A poker card at 1200 ppi has 13 million pixels.
    """

    pixels_per_image: int = 64_000_000
    side_px: int = 30_000
    bytes_per_image: int = 200 << 20
    images_per_deck: int = 1200
    pixels_at_once: int = 32_000_000
    archive_entries: int = 10_000
    archive_bytes: int = 512 << 20
    archive_ratio: int = 100


DEFAULT = Limits()
