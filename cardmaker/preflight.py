"""Findings: what a person should know about a document before it is printed. They never stop a print;
what does is an error."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from cardmaker.imposition import back_slot
from cardmaker.sheet import Corner, MarkKind, Sheet, Variant
from cardmaker.spec import MarksOn, PrintSettings, RenderRequest
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
    return (*about_sheet(request.sheet, request.printing), *_about_backs(request))


def about_sheet(sheet: Sheet, printing: PrintSettings) -> tuple[Finding, ...]:
    """Findings that hold for whatever deck is printed on the sheet."""
    return (*_about_marks(sheet, printing), *_about_borderless(sheet))


def _about_marks(sheet: Sheet, printing: PrintSettings) -> Iterator[Finding]:
    tight = [c for c in sheet.clearances() if c.is_tight]
    if not tight:
        return
    at = {c.corner: _front_slot(sheet, c.slot, printing) for c in tight}
    slots = tuple(sorted(set(at.values()) - printing.skip))
    # Players report trouble at the mark at the machine's bottom left alone, though others are as close: one skip
    # cures it.
    first = at.get(Corner.BOTTOM_RIGHT if sheet.is_turned else Corner.BOTTOM_LEFT, max(at.values()))
    if first in printing.skip:
        return
    others = len(sheet.slots) - len(printing.skip) > 1
    who = f"cards in slots {', '.join(map(str, slots))} start" if len(slots) > 1 else f"the card in slot {first} starts"
    cure = f"skip slot {first}" if others else f"mask slot {first} there, or choose a larger paper"
    nearest = format_number(min(c.nearest_mm for c in tight), 1)
    yield Finding(
        "mark-clearance",
        f"{who} {nearest} mm from a registration mark's line; if the machine does not find its marks, {cure}",
        slots=(first,) if others else (),
    )


def _front_slot(sheet: Sheet, index: int, printing: PrintSettings) -> int:
    """The slot whose card lies at that slot's place on the side that the machine looks at."""
    if printing.marks_on is not MarksOn.BACK:
        return index
    return back_slot(sheet, sheet.slots[index], printing.flip)[0].index


def _about_borderless(sheet: Sheet) -> Iterator[Finding]:
    if sheet.variant is Variant.BORDERLESS and sheet.marks.kind is not MarkKind.NONE:
        width, height = sheet.media_in_machine_mm
        yield Finding(
            "borderless",
            f"the marks lie {format_number(sheet.marks.inset_mm)} mm from the edge, which most printers cannot reach "
            f"unless they print borderless; declare the media as {format_number(width)} x "
            f"{format_number(height)} mm in Silhouette Studio",
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
