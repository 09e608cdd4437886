"""The render request: deck + sheet + settings, frozen, with a canonical form and a digest.

Two requests with equal digests give equal bytes, and whatever shapes the bytes stands in the canonical form:
no file name, no clock, no machine.
"""

from __future__ import annotations

import functools
import hashlib
import json
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

from cardmaker.deck import Deck
from cardmaker.errors import LayoutError, SettingError
from cardmaker.sheet import Sheet
from cardmaker.units import format_number

# Raised by hand whenever the same request gives other bytes than before.
RENDER_VERSION = 1
MAX_TEXT = 200


class Fit(StrEnum):
    STRETCH = "stretch"
    COVER = "cover"
    CONTAIN = "contain"


class Flip(StrEnum):
    LONG = "long"
    SHORT = "short"


class Side(StrEnum):
    FRONT = "front"
    BACK = "back"


class MarksOn(StrEnum):
    BOTH = "both"
    FRONT = "front"
    BACK = "back"


@dataclass(frozen=True, slots=True)
class ArtworkSettings:
    """How an image comes onto its card, lengths in mm.

    `crop_mm` is taken off each edge as a share of the card's own size. `source_bleed_mm` is what the image carries
    beyond the trim on each side. `bleed_mm` is how far ink reaches beyond the trim: None means half the gap.
    """

    fit: Fit = Fit.STRETCH
    crop_mm: float = 0.0
    source_bleed_mm: float = 0.0
    bleed_mm: float | None = None


@dataclass(frozen=True, slots=True)
class PrintSettings:
    """What happens around the cards. `skip` are slots that stay empty on every page; `title` is the document's."""

    skip: frozenset[int] = frozenset()
    label: bool = True
    label_text: str = ""
    outline: bool = False
    marks_on: MarksOn = MarksOn.BOTH
    flip: Flip = Flip.LONG
    title: str = ""


@dataclass(frozen=True, slots=True)
class TileSpec:
    """All that shapes one card face: the image's digest, the settings, and the card's trim in mm."""

    image: str
    settings: ArtworkSettings
    width_mm: float
    height_mm: float


@dataclass(frozen=True)
class RenderRequest:
    """One document to make. Raises LayoutError or SettingError when the parts do not go together."""

    deck: Deck
    sheet: Sheet
    artwork: ArtworkSettings = field(default_factory=ArtworkSettings)
    printing: PrintSettings = field(default_factory=PrintSettings)

    def __post_init__(self) -> None:
        check_skip(self.sheet, self.printing.skip)
        check_artwork(self.sheet, self.artwork)
        for what, text in (("label", self.printing.label_text), ("title", self.printing.title)):
            if len(text) > MAX_TEXT:
                raise SettingError(f"{what}: {len(text)} characters are too many; use at most {MAX_TEXT}")

    def tile(self, image: str) -> TileSpec:
        card = self.sheet.card
        return TileSpec(image, self.effective_artwork, card.width_mm, card.height_mm)

    @functools.cached_property
    def effective_artwork(self) -> ArtworkSettings:
        """The settings with the layout's own bleed where none was given."""
        art = self.artwork
        bleed = self.sheet.gap_mm / 2 if art.bleed_mm is None else art.bleed_mm
        return ArtworkSettings(art.fit, art.crop_mm, art.source_bleed_mm, bleed)

    def canonical(self) -> dict[str, Any]:
        """Everything that shapes the bytes and nothing else, as plain JSON values; lengths in mm, unrounded."""
        deck, sheet, marks, printing = self.deck, self.sheet, self.sheet.marks, self.printing
        return {
            "version": RENDER_VERSION,
            "cards": [[card.front, deck.back_of(card), card.quantity] for card in deck.cards if card.quantity],
            "page": [sheet.width_mm, sheet.height_mm, sheet.orientation],
            "grid": [sheet.columns, sheet.rows, sheet.gap_mm, sheet.card.width_mm, sheet.card.height_mm],
            "inset": marks.inset_mm,
            "marks": [marks.thickness_mm, marks.length_mm, printing.marks_on, [asdict(mark) for mark in marks.drawn]],
            "artwork": asdict(self.effective_artwork),
            "skip": sorted(printing.skip),
            "label": [sheet.layout_name, plain_words(printing.label_text)] if printing.label else None,
            "outline": sheet.corner_radius_mm if printing.outline else None,
            "flip": printing.flip if deck.has_backs else None,
            "title": plain_words(printing.title),
        }

    @functools.cached_property
    def digest(self) -> str:
        """sha256 in hex of the canonical form."""
        text = json.dumps(self.canonical(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def plain_words(text: str) -> str:
    """The user's words in one line: control characters and half characters become blanks, blanks become one."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def check_skip(sheet: Sheet, skip: frozenset[int]) -> None:
    """LayoutError for a slot that the sheet does not have, or when none is left."""
    last = len(sheet.slots) - 1
    for index in sorted(skip):
        if not 0 <= index <= last:
            raise LayoutError(f"skip {index}: this sheet has the slots 0 to {last}")
    if len(skip) == len(sheet.slots):
        raise LayoutError(f"all {len(sheet.slots)} slots are skipped; leave at least one")


def check_artwork(sheet: Sheet, art: ArtworkSettings) -> None:
    """SettingError for a length that is negative, leaves nothing of the card, or runs into the neighbour."""
    smaller_half = min(sheet.card.width_mm, sheet.card.height_mm) / 2
    most_bleed = sheet.gap_mm / 2
    for what, value, most, why in (
        ("crop", art.crop_mm, smaller_half * 0.9, "of this card"),
        ("source bleed", art.source_bleed_mm, smaller_half, "for this card"),
        ("bleed", art.bleed_mm or 0.0, most_bleed, "half the gap between cards"),
    ):
        if not 0 <= value <= most + 1e-9:
            raise SettingError(
                f"{what}: {format_number(value)} mm is out of range; "
                f"it goes from 0 to {format_number(most, 3)} mm ({why})"
            )
