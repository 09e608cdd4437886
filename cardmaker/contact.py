"""A deck as a contact sheet: small pictures of its cards in order, as HTML for a notebook."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from cardmaker import artwork, markup
from cardmaker.deck import Artwork, Card
from cardmaker.errors import ImageError
from cardmaker.units import counted

# Shown at half the pixels, for screens with two to one.
WIDTH_PX, HEIGHT_PX = 96, 134
MOST_SHOWN = 60
_THREADS = 2


def sheet(deck: Artwork) -> str:
    """The first sixty cards, each once with its copies counted, and the common back; a card that cannot be printed is a
    grey place that says why."""
    cards = deck.deck.cards[:MOST_SHOWN]
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="cardmaker-contact") as pool:
        shown = list(pool.map(lambda card: _figure(deck, card.front, _words(card)), cards))
    if deck.deck.back is not None:
        shown.append(_figure(deck, deck.deck.back, "the common back"))
    return markup.row(shown) + markup.facts(_facts(deck))


def _figure(deck: Artwork, digest: str, words: str) -> str:
    try:
        content = artwork.thumbnail(deck.images[digest], 2 * HEIGHT_PX)
    except ImageError as error:
        return markup.figure(markup.missing(error.reason, WIDTH_PX, HEIGHT_PX), words, WIDTH_PX)
    return markup.figure(markup.picture(content, "jpeg", words, WIDTH_PX), words, WIDTH_PX)


def _words(card: Card) -> str:
    return card.name if card.quantity == 1 else f"{card.quantity} × {card.name}"


def _facts(deck: Artwork) -> list[str]:
    cards = deck.deck.cards
    own = sum(card.back is not None for card in cards)
    found = [counted(len(deck.deck), "card"), f"{len(cards):,} different"]
    found += [f"{own:,} with own backs"] if own else []
    found += [f"the first {MOST_SHOWN} are shown"] if len(cards) > MOST_SHOWN else []
    return found
