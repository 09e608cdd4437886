"""The render request: deck + sheet + settings, frozen, with a canonical form and a digest.

Two requests with equal digests give equal bytes, and whatever shapes the bytes stands in the canonical form:
no file name, no clock, no machine.
"""

from __future__ import annotations

import functools
import hashlib
import json
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from typing import Any

from cardmaker.deck import Card, Changes, Deck
from cardmaker.errors import LayoutError, SettingError, one_line
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


class Turn(StrEnum):
    """Degrees clockwise."""

    NONE = "0"
    QUARTER = "90"
    HALF = "180"
    THREE_QUARTERS = "270"


@dataclass(frozen=True, slots=True)
class ArtworkSettings:
    """How an image comes onto its card, lengths in mm, in the order in which they work.

    `rotate` turns the upright image clockwise. `source_bleed_mm` is what it carries beyond the trim on each side; None
    finds that out by its aspect. `crop_mm` is taken off each edge as a share of the card's own size. `extend_edges_mm`
    is a ring on the scaled card that is filled from the pixels inside it, `fill_corners_mm` the radius of the artwork's
    own round corners, from the trim. `bleed_mm` is how far ink reaches beyond the trim: None means half the gap;
    `outer_bleed_mm` is the same on the sheet's outer sides: None means no other.
    """

    fit: Fit = Fit.STRETCH
    rotate: Turn = Turn.NONE
    source_bleed_mm: float | None = 0.0
    crop_mm: float = 0.0
    extend_edges_mm: float = 0.0
    fill_corners_mm: float = 0.0
    bleed_mm: float | None = None
    outer_bleed_mm: float | None = None


@dataclass(frozen=True, slots=True)
class ArtworkPlan:
    """The settings of all fronts, of the common back and of the cards' own backs. Single cards may differ: see
    `deck.Card`."""

    fronts: ArtworkSettings = ArtworkSettings()
    back: ArtworkSettings = ArtworkSettings()
    backs: ArtworkSettings = ArtworkSettings()


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
    """All that shapes one card face: the image's digest, its settings with no bleed left open, and the card's trim
    in mm."""

    image: str
    settings: ArtworkSettings
    width_mm: float
    height_mm: float

    def __hash__(self) -> int:
        # Nearly all are told apart by this, and tiles are looked up for each placement.
        return hash(self.image)


@dataclass(frozen=True)
class RenderRequest:
    """One document to make. Raises LayoutError or SettingError when the parts do not go together."""

    deck: Deck
    sheet: Sheet
    artwork: ArtworkPlan = field(default_factory=ArtworkPlan)
    printing: PrintSettings = field(default_factory=PrintSettings)

    def __post_init__(self) -> None:
        check_skip(self.sheet, self.printing.skip)
        check_artwork(self.sheet, self.artwork)
        self._check_cards()
        for what, text in (("label", self.printing.label_text), ("title", self.printing.title)):
            if len(text) > MAX_TEXT:
                raise SettingError(f"{what}: {len(text)} characters are too many; use at most {MAX_TEXT}")

    def front(self, card: Card) -> TileSpec:
        return self._tile(card.front, "fronts", card.front_changes)

    def back(self, card: Card) -> TileSpec | None:
        """The card's own back, or the common one if the deck has it."""
        image = self.deck.back_of(card)
        return self._tile(image, "backs" if card.back else "back", card.back_changes) if image else None

    @functools.cached_property
    def front_bleed_mm(self) -> float:
        """The most that any front bleeds towards its neighbours."""
        return max(self.front(card).settings.bleed_mm or 0.0 for card in self.deck.cards if card.quantity)

    def _tile(self, image: str, role: str, changes: Changes) -> TileSpec:
        key = image, role, changes
        if key not in self._tiles:
            card, settings = self.sheet.card, _changed(getattr(self.artwork, role), changes)
            self._tiles[key] = TileSpec(image, _settled(settings, *self._bleeds), card.width_mm, card.height_mm)
        return self._tiles[key]

    @functools.cached_property
    def _tiles(self) -> dict[tuple[str, str, Changes], TileSpec]:
        return {}

    @functools.cached_property
    def _bleeds(self) -> tuple[float, float]:
        """The bleed that the layout has room for between cards, and beyond the outer ones, in mm."""
        first = self.sheet.slots[0].trim
        return self.sheet.gap_mm / 2, max(first.x_mm, first.y_mm)

    def _check_cards(self) -> None:
        for card in self.deck.cards:
            own_back = self.artwork.backs if card.back else self.artwork.back
            for settings, changes, side in (
                (self.artwork.fronts, card.front_changes, ""),
                (own_back, card.back_changes, "back "),
            ):
                if changes:
                    whose = f'override for "{one_line(card.name)}": {side}'
                    _check_settings(self.sheet, _changed(settings, changes), whose)

    def canonical(self) -> dict[str, Any]:
        """Everything that shapes the bytes and nothing else, as plain JSON values; lengths in mm, unrounded."""
        deck, sheet, marks, printing = self.deck, self.sheet, self.sheet.marks, self.printing
        settings: dict[ArtworkSettings, int] = {}

        def face(tile: TileSpec | None) -> list[object] | None:
            return [tile.image, settings.setdefault(tile.settings, len(settings))] if tile else None

        return {
            "version": RENDER_VERSION,
            "cards": [[face(self.front(c)), face(self.back(c)), c.quantity] for c in deck.cards if c.quantity],
            "page": [sheet.width_mm, sheet.height_mm, sheet.orientation],
            "grid": [sheet.columns, sheet.rows, sheet.gap_mm, sheet.card.width_mm, sheet.card.height_mm],
            "inset": marks.inset_mm,
            "marks": [marks.thickness_mm, marks.length_mm, printing.marks_on, [asdict(mark) for mark in marks.drawn]],
            "artwork": [asdict(each) for each in settings],  # after the cards, which number them
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


def check_artwork(sheet: Sheet, plan: ArtworkPlan) -> None:
    """SettingError for a length that is negative, leaves nothing of the card, or runs into the neighbour."""
    for settings, whose in ((plan.fronts, ""), (plan.back, "back "), (plan.backs, "backs ")):
        _check_settings(sheet, settings, whose)


def _check_settings(sheet: Sheet, art: ArtworkSettings, whose: str) -> None:
    smaller_half = min(sheet.card.width_mm, sheet.card.height_mm) / 2
    for what, value, most, why in (
        ("crop", art.crop_mm, smaller_half * 0.9, "of this card"),
        ("source bleed", art.source_bleed_mm, smaller_half, "for this card"),
        ("extend edges", art.extend_edges_mm, smaller_half * 0.9, "of this card"),
        ("fill corners", art.fill_corners_mm, smaller_half, "half of this card"),
        ("bleed", art.bleed_mm, sheet.gap_mm / 2, "half the gap between cards; outer bleed may be more"),
        ("outer bleed", art.outer_bleed_mm, max(sheet.width_mm, sheet.height_mm), "the sheet's length"),
    ):
        if value is not None and not 0 <= value <= most + 1e-9:
            raise SettingError(
                f"{whose}{what}: {format_number(value)} mm is out of range; "
                f"it goes from 0 to {format_number(most, 3)} mm ({why})"
            )


def _changed(settings: ArtworkSettings, changes: Changes) -> ArtworkSettings:
    return replace(settings, **dict(changes)) if changes else settings


@functools.lru_cache(maxsize=256)
def _settled(settings: ArtworkSettings, own_bleed_mm: float, most_outer_mm: float) -> ArtworkSettings:
    """With the layout's own bleed where none was given, and no more than the page has room for."""
    bleed = own_bleed_mm if settings.bleed_mm is None else settings.bleed_mm
    outer = bleed if settings.outer_bleed_mm is None else min(settings.outer_bleed_mm, most_outer_mm)
    return replace(settings, bleed_mm=bleed, outer_bleed_mm=outer)
