"""Findings that the request alone shows, without looking at an image."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from cardmaker.errors import one_line
from cardmaker.finding import Finding, Severity
from cardmaker.sheet import MarkKind, Sheet, Variant
from cardmaker.spec import RenderRequest
from cardmaker.units import format_number

_NAMED = 3


def about(request: RenderRequest) -> tuple[Finding, ...]:
    """What marks, margins, backs and equal cards give cause to say."""
    skip = request.printing.skip
    return (
        *_about_marks(request.sheet, skip),
        *_about_borderless(request.sheet),
        *_about_backs(request),
        *_about_duplicates(request),
    )


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
        severity=Severity.WARNING,
        value=min(c.nearest_mm for c in tight),
    )


def _about_borderless(sheet: Sheet) -> Iterator[Finding]:
    if sheet.variant is Variant.BORDERLESS and sheet.marks.kind is not MarkKind.NONE:
        yield Finding(
            "borderless",
            f"the marks lie {format_number(sheet.marks.inset_mm)} mm from the edge, which most printers cannot reach "
            f"unless they print borderless; declare the media as {format_number(sheet.media_width_mm)} x "
            f"{format_number(sheet.media_height_mm)} mm in Silhouette Studio",
            severity=Severity.WARNING,
            value=sheet.marks.inset_mm,
        )


def _about_backs(request: RenderRequest) -> Iterator[Finding]:
    deck = request.deck
    missing = [card.name or "a card" for card in deck.cards if card.quantity and not deck.back_of(card)]
    if deck.has_backs and missing:
        yield Finding(
            "missing-backs",
            f"{len(missing)} cards have no back and stay blank there: {_names(missing)}; "
            "give them one or a common back",
            severity=Severity.WARNING,
            value=len(missing),
        )


def _about_duplicates(request: RenderRequest) -> Iterator[Finding]:
    alike: dict[tuple[str, str | None], list[str]] = defaultdict(list)
    for card in request.deck.cards:
        if card.quantity:
            alike[card.front, request.deck.back_of(card)].append(card.name or "a card")
    for names in alike.values():
        if len(names) > 1:
            yield Finding(
                "duplicate",
                f"{len(names)} cards are the same image: {_names(names)}; if one was meant, remove the others",
                card=names[0],
                value=len(names),
                shared="are given more than once; if one was meant, remove the others",
            )


def _names(names: list[str]) -> str:
    return ", ".join(f'"{one_line(name)}"' for name in names[:_NAMED]) + (" ..." if len(names) > _NAMED else "")
