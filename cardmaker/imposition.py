"""Request -> pages of placements: n-up, skipped slots, duplex.

A back lies where its front comes to lie when the sheet is turned over, so that partial pages work too. Turning
over the long edge of a landscape sheet, or the short edge of a portrait one, mirrors the rows and turns each back
by 180 degrees; the other two mirror the columns and turn nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cardmaker.deck import Card
from cardmaker.sheet import Orientation, Sheet, Slot
from cardmaker.spec import Flip, RenderRequest, Side, TileSpec


@dataclass(frozen=True, slots=True)
class Placement:
    """One card face on a page; `turned` by 180 degrees about the slot's centre."""

    slot: Slot
    tile: TileSpec
    turned: bool


@dataclass(frozen=True, slots=True)
class Page:
    """One side of one sheet of paper. `sheet` counts from 1."""

    side: Side
    sheet: int
    sheets: int
    placements: tuple[Placement, ...]


@dataclass(frozen=True, slots=True)
class Imposition:
    """All pages in printing order: each front, followed by its back if the deck has backs."""

    pages: tuple[Page, ...]

    def tiles(self) -> tuple[TileSpec, ...]:
        """Each distinct card face once, in the order of first use."""
        return tuple(dict.fromkeys(placement.tile for page in self.pages for placement in page.placements))

    def only(self, page: int) -> Imposition:
        """The page of that index (from 0) alone, all else as it is in the whole. IndexError if there is none."""
        if not 0 <= page < len(self.pages):
            raise IndexError(page)
        return Imposition((self.pages[page],))


def impose(request: RenderRequest) -> Imposition:
    slots = slots_in_use(request, Side.FRONT)
    groups = _groups(request.deck.copies(), len(slots))
    return Imposition(tuple(_pages(request, slots, groups)))


def count(request: RenderRequest) -> tuple[int, int, int]:
    """Sheets of paper, pages and placements that a request must come to, by arithmetic alone: what the
    finished document is checked against."""
    deck = request.deck
    cards = len(deck)
    sheets = -(-cards // (len(request.sheet.slots) - len(request.printing.skip)))
    backs = sum(card.quantity for card in deck.cards if deck.back_of(card))
    return sheets, sheets * (2 if deck.has_backs else 1), cards + backs


def slots_in_use(request: RenderRequest, side: Side) -> list[Slot]:
    """The slots that are not skipped, as they lie on that side of the paper: on the back, mirrored."""
    fronts = [slot for slot in request.sheet.slots if slot.index not in request.printing.skip]
    if side is Side.FRONT:
        return fronts
    return [back_slot(request.sheet, slot, request.printing.flip)[0] for slot in fronts]


def back_slot(sheet: Sheet, slot: Slot, flip: Flip) -> tuple[Slot, bool]:
    """Where a front's back lies on the back page, and whether it is turned by 180 degrees."""
    if (sheet.orientation is Orientation.LANDSCAPE) == (flip is Flip.LONG):
        return sheet.slots[(sheet.rows - 1 - slot.row) * sheet.columns + slot.column], True
    return sheet.slots[slot.row * sheet.columns + sheet.columns - 1 - slot.column], False


def _pages(request: RenderRequest, slots: list[Slot], groups: list[list[Card]]) -> Iterator[Page]:
    for number, cards in enumerate(groups, start=1):
        pairs = list(zip(slots, cards, strict=False))
        yield Page(Side.FRONT, number, len(groups), tuple(_fronts(request, pairs)))
        if request.deck.has_backs:
            yield Page(Side.BACK, number, len(groups), tuple(_backs(request, pairs)))


def _fronts(request: RenderRequest, pairs: Iterable[tuple[Slot, Card]]) -> Iterator[Placement]:
    for slot, card in pairs:
        yield Placement(slot, request.front(card), turned=False)


def _backs(request: RenderRequest, pairs: Iterable[tuple[Slot, Card]]) -> Iterator[Placement]:
    for slot, card in pairs:
        tile = request.back(card)
        if tile:
            mirrored, turned = back_slot(request.sheet, slot, request.printing.flip)
            yield Placement(mirrored, tile, turned)


def _groups(cards: Iterable[Card], size: int) -> list[list[Card]]:
    every = list(cards)
    return [every[start : start + size] for start in range(0, len(every), size)]
