"""Findings: what a person should know about a document before it is printed. They never stop a print;
what does is an error."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from cardmaker.sheet import MarkKind, Sheet, Variant
from cardmaker.spec import RenderRequest
from cardmaker.units import format_number


@dataclass(frozen=True, slots=True)
class Finding:
    """`code` is the stable name that programs read, `message` says what and what to do. `card` is the display
    name of the card it is about, `slots` those that skipping would cure."""

    code: str
    message: str
    card: str | None = None
    slots: tuple[int, ...] = ()


def about(request: RenderRequest) -> tuple[Finding, ...]:
    """Findings that the request alone shows, without looking at an image."""
    skip = request.printing.skip
    return (*_about_marks(request.sheet, skip), *_about_borderless(request.sheet), *_about_backs(request))


def _about_marks(sheet: Sheet, skip: Iterable[int]) -> Iterator[Finding]:
    tight = [c for c in sheet.clearances() if c.is_tight]
    if not tight:
        return
    slots = tuple(sorted({c.slot for c in tight}))
    # Players report trouble at the bottom-left mark alone, though the others are as close: one skip cures it.
    first = next((c.slot for c in tight if not c.corner.is_top and c.corner.is_left), slots[-1])
    if first in skip:
        return
    nearest = format_number(min(c.nearest_mm for c in tight), 1)
    yield Finding(
        "mark-clearance",
        f"cards in slots {', '.join(map(str, slots))} start {nearest} mm from a registration mark's line; "
        f"if the machine does not find its marks, skip slot {first}",
        slots=(first,),
    )


def _about_borderless(sheet: Sheet) -> Iterator[Finding]:
    if sheet.variant is Variant.BORDERLESS and sheet.marks.kind is not MarkKind.NONE:
        yield Finding(
            "borderless",
            f"the marks lie {format_number(sheet.marks.inset_mm)} mm from the edge, which most printers cannot reach "
            f"unless they print borderless; declare the media as {format_number(sheet.media_width_mm)} x "
            f"{format_number(sheet.media_height_mm)} mm in Silhouette Studio",
        )


def _about_backs(request: RenderRequest) -> Iterator[Finding]:
    deck = request.deck
    missing = [card.name or "a card" for card in deck.cards if card.quantity and not deck.back_of(card)]
    if deck.has_backs and missing:
        shown = ", ".join(f'"{name}"' for name in missing[:3]) + (" ..." if len(missing) > 3 else "")
        yield Finding(
            "missing-backs",
            f"{len(missing)} cards have no back and stay blank there: {shown}; give them one or a common back",
        )
