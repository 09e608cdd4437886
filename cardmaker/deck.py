"""Cards in order, with their quantities and backs. A card is known by what is on it, never by a file's name."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from cardmaker.errors import DeckError, one_line
from cardmaker.source import ImageSource, hash_all

MAX_COPIES = 10_000
_BACK_SUFFIX = re.compile(r"[-_ ]+back$")


@dataclass(frozen=True, slots=True)
class Card:
    """`front` and `back` are digests of images; without a back of its own a card takes the deck's.
    `name` is for people: equal decks may name their cards differently."""

    front: str
    back: str | None = None
    quantity: int = 1
    name: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Deck:
    """Cards in printing order and the common back, if any."""

    cards: tuple[Card, ...]
    back: str | None = None

    def __post_init__(self) -> None:
        if not self.cards or not len(self):
            raise DeckError("no cards; give at least one front image")
        if len(self) > MAX_COPIES:
            raise DeckError(f"{len(self)} cards are too many for one document; print at most {MAX_COPIES} at a time")

    def __len__(self) -> int:
        """Physical cards: every copy counts."""
        return sum(card.quantity for card in self.cards)

    @property
    def has_backs(self) -> bool:
        return self.back is not None or any(card.back for card in self.cards if card.quantity)

    def back_of(self, card: Card) -> str | None:
        return card.back or self.back

    def copies(self) -> Iterator[Card]:
        """Each physical card in printing order."""
        for card in self.cards:
            for _ in range(card.quantity):
                yield card


@dataclass(frozen=True, slots=True)
class Artwork:
    """A deck together with the images its digests stand for."""

    deck: Deck
    images: Mapping[str, ImageSource]


def assemble(
    fronts: Sequence[ImageSource],
    back: ImageSource | None = None,
    backs: Sequence[ImageSource] = (),
    quantities: Mapping[str, int] | None = None,
    default_quantity: int = 1,
) -> Artwork:
    """A deck from images: fronts in the given order, a common back, own backs paired with fronts by name.

    A back belongs to the front of the same stem (compared in NFC, without case), also when it ends in `-back`;
    where fronts share a stem, the one with the same ending is meant. `quantities` goes by a front's stem or name.
    Raises DeckError for no fronts, a back without a front, two backs for one front, or an unknown quantity.
    """
    if not fronts:
        raise DeckError("no images; give at least one front" if not backs and not back else "backs without any front")
    hash_all([*fronts, *backs, *([back] if back else [])])
    paired = _pair(fronts, backs)
    counts = _quantities(fronts, quantities or {}, default_quantity)
    cards = tuple(
        Card(front.digest, own.digest if (own := paired.get(i)) else None, counts[i], front.name)
        for i, front in enumerate(fronts)
    )
    images: dict[str, ImageSource] = {}
    for source in (*fronts, *([back] if back else []), *backs):
        images.setdefault(source.digest, source)
    return Artwork(Deck(cards, back.digest if back else None), images)


def _pair(fronts: Sequence[ImageSource], backs: Sequence[ImageSource]) -> dict[int, ImageSource]:
    by_stem: dict[str, list[int]] = defaultdict(list)
    for i, front in enumerate(fronts):
        by_stem[_stem(front.name)].append(i)
    paired: dict[int, ImageSource] = {}
    for back in backs:
        for i in _fronts_of(back, fronts, by_stem):
            if i in paired:
                raise DeckError(
                    f'"{one_line(fronts[i].name)}" has two backs, "{one_line(paired[i].name)}" and '
                    f'"{one_line(back.name)}"; keep one'
                )
            paired[i] = back
    return paired


def _fronts_of(back: ImageSource, fronts: Sequence[ImageSource], by_stem: Mapping[str, list[int]]) -> list[int]:
    stem = _stem(back.name)
    found = by_stem.get(stem) or by_stem.get(_BACK_SUFFIX.sub("", stem))
    if not found:
        raise DeckError(
            f'back "{one_line(back.name)}" has no front of that name; rename it after its front, or remove it'
        )
    same_file_name = [i for i in found if _file_name(fronts[i].name) == _file_name(back.name)]
    return same_file_name or found


def _quantities(fronts: Sequence[ImageSource], wanted: Mapping[str, int], default: int) -> list[int]:
    counts = [default] * len(fronts)
    for name, quantity in wanted.items():
        key = unicodedata.normalize("NFC", name).casefold()
        hits = [i for i, front in enumerate(fronts) if key in (_stem(front.name), _file_name(front.name))]
        if not hits:
            raise DeckError(f'quantity for "{one_line(name)}": there is no front of that name')
        for i in hits:
            counts[i] = quantity
    for count in counts:
        if not 0 <= count <= MAX_COPIES:
            raise DeckError(f"quantity {count} is out of range; it goes from 0 to {MAX_COPIES}")
    return counts


def _file_name(name: str) -> str:
    return unicodedata.normalize("NFC", PurePosixPath(name.replace("\\", "/")).name).casefold()


def _stem(name: str) -> str:
    return PurePosixPath(_file_name(name)).stem
