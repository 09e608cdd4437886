"""Findings that the request alone shows, without looking at an image."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from cardmaker import clearance
from cardmaker.errors import one_line
from cardmaker.finding import Finding, Severity
from cardmaker.spec import RenderRequest, TileSpec

_NAMED = 3


def about(request: RenderRequest) -> tuple[Finding, ...]:
    """What marks, margins, backs and equal cards give cause to say."""
    marks = clearance.findings(request.sheet, request.printing)
    return (*marks, *_about_backs(request), *_about_duplicates(request))


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
    alike: dict[tuple[TileSpec, TileSpec | None], list[str]] = defaultdict(list)
    for card in request.deck.cards:
        if card.quantity:
            alike[request.front(card), request.back(card)].append(card.name or "a card")
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
