"""Cards in order, with their quantities and backs. A card is known by what is on it, never by a file's name."""

from __future__ import annotations

import math
import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile
from pathlib import PurePosixPath
from typing import Any, ClassVar

from cardmaker import limits
from cardmaker.errors import DeckError, one_line
from cardmaker.limits import Limits
from cardmaker.source import ImageSource, hash_all

MAX_COPIES = 10_000
# Names and values of the artwork settings in which one card face differs from those of its deck, by name.
Changes = tuple[tuple[str, Any], ...]
_BACK_SUFFIX = re.compile(r"[-_ ]+back$")


@dataclass(frozen=True, slots=True)
class Card:
    """`front` and `back` are digests of images; without a back of its own a card takes the deck's.
    `name` is for people: equal decks may name their cards differently. The changes are this card's alone; those of the
    back hold for whichever back it has."""

    front: str
    back: str | None = None
    quantity: int = 1
    front_changes: Changes = ()
    back_changes: Changes = ()
    name: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Deck:
    """Cards in printing order and the common back, if any."""

    cards: tuple[Card, ...]
    back: str | None = None

    def __post_init__(self) -> None:
        if not self.cards:
            raise DeckError("no cards; give at least one front image")
        if not len(self):
            raise DeckError("every quantity is 0; print at least one card")
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
    """A deck together with the images its digests stand for. In a notebook it shows as the `contact` sheet, which
    whoever puts the program together names: pictures are made above this module."""

    deck: Deck
    images: Mapping[str, ImageSource]
    contact: ClassVar[Callable[[Artwork], str] | None] = None

    def _repr_html_(self) -> str | None:
        return Artwork.contact(self) if Artwork.contact else None


def assemble(
    fronts: Sequence[ImageSource],
    back: ImageSource | None = None,
    backs: Sequence[ImageSource] = (),
    quantities: Mapping[str, int] | None = None,
    default_quantity: int = 1,
    limits: Limits = limits.DEFAULT,
) -> Artwork:
    """A deck from images: fronts in the given order, a common back, own backs paired with fronts by name.

    A back belongs to the front of the same stem (compared in NFC, without case), also when it ends in `-back`;
    where fronts share a stem, the one in the like-named folder or with the same ending is meant. `quantities` goes
    by a front's stem or name. Raises DeckError for no fronts, a back without a front or with several, two backs for
    one front, a quantity for no front, or more images than `limits` allow.
    """
    if not fronts:
        raise DeckError("no front images; give at least one")
    if (given := len(fronts) + len(backs) + bool(back)) > limits.images_per_deck:
        raise DeckError(f"{given} images are too many for one deck; give at most {limits.images_per_deck} at a time")
    hash_all([*fronts, *backs, *([back] if back else [])])
    paired = _pair(fronts, backs)
    counts = _quantities(fronts, quantities or {}, default_quantity)
    cards = tuple(
        Card(front.digest, own.digest if (own := paired.get(i)) else None, counts[i], name=front.name)
        for i, front in enumerate(fronts)
    )
    images: dict[str, ImageSource] = {}
    for source in (*fronts, *([back] if back else []), *backs):
        images.setdefault(source.digest, source)
    return Artwork(Deck(cards, back.digest if back else None), images)


@dataclass(frozen=True, slots=True)
class Place:
    """One card as a person laid it: its images, and the name by which it shall be known."""

    front: ImageSource
    back: ImageSource | None = None
    quantity: int = 1
    name: str = ""


def arrange(places: Sequence[Place], back: ImageSource | None = None, limits: Limits = limits.DEFAULT) -> Artwork:
    """A deck of cards whose backs are known already, and its common back. Raises DeckError as `assemble` does."""
    sources = [source for place in places for source in (place.front, place.back) if source]
    sources += [back] if back else []
    if len(sources) > limits.images_per_deck:
        raise DeckError(f"{len(sources)} images are too many for one deck; give at most {limits.images_per_deck}")
    hash_all(sources)
    cards = tuple(
        Card(p.front.digest, p.back.digest if p.back else None, p.quantity, name=p.name or p.front.name) for p in places
    )
    images: dict[str, ImageSource] = {}
    for source in sources:
        images.setdefault(source.digest, source)
    return Artwork(Deck(cards, back.digest if back else None), images)


def pairing(fronts: Sequence[ImageSource], backs: Sequence[ImageSource]) -> list[int | DeckError]:
    """For each own back the place of its front, by their names; or why it has none."""
    by_stem: dict[str, list[int]] = defaultdict(list)
    for i, front in enumerate(fronts):
        by_stem[_path(front.name).stem].append(i)
    taken: dict[int, ImageSource] = {}
    found: list[int | DeckError] = []
    for back in backs:
        try:
            i = _front_of(back, fronts, by_stem)
            if i in taken:
                raise DeckError(
                    f'"{one_line(fronts[i].name)}" has two backs, "{one_line(taken[i].name)}" and '
                    f'"{one_line(back.name)}"; keep one'
                )
            taken[i] = back
            found.append(i)
        except DeckError as error:
            found.append(error)
    return found


def _pair(fronts: Sequence[ImageSource], backs: Sequence[ImageSource]) -> dict[int, ImageSource]:
    paired: dict[int, ImageSource] = {}
    for back, i in zip(backs, pairing(fronts, backs), strict=True):
        if isinstance(i, DeckError):
            raise i
        paired[i] = back
    return paired


def _front_of(back: ImageSource, fronts: Sequence[ImageSource], by_stem: Mapping[str, list[int]]) -> int:
    path = _path(back.name)
    found = by_stem.get(path.stem) or by_stem.get(_BACK_SUFFIX.sub("", path.stem))
    if not found:
        raise DeckError(
            f'back "{one_line(back.name)}" has no front of that name; rename it after its front, or remove it'
        )
    # Of several fronts with that stem: those in the folder most like the back's, then those with its ending.
    found = _best(found, lambda i: _shared_folders(_path(fronts[i].name), path))
    found = _best(found, lambda i: _path(fronts[i].name).suffix == path.suffix)
    if len(found) > 1:
        names = " or ".join(f'"{one_line(fronts[i].name)}"' for i in found[:2])
        raise DeckError(f'back "{one_line(back.name)}" could be for {names}; name it like its front, ending included')
    return found[0]


def _best(candidates: list[int], score: Callable[[int], float]) -> list[int]:
    highest = max(map(score, candidates))
    return [i for i in candidates if score(i) == highest]


def _shared_folders(one: PurePosixPath, other: PurePosixPath) -> float:
    """How many folders two paths share, counted from the file upward; no number is too large for the very same."""
    if one.parent == other.parent:
        return math.inf
    pairs = zip(reversed(one.parent.parts), reversed(other.parent.parts), strict=False)
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))


def _quantities(fronts: Sequence[ImageSource], wanted: Mapping[str, int], default: int) -> list[int]:
    counts = [default] * len(fronts)
    names = FrontNames([front.name for front in fronts])
    for name, quantity in wanted.items():
        for i in names.find(name, "quantity"):
            counts[i] = quantity
    for count in counts:
        if not 0 <= count <= MAX_COPIES:
            raise DeckError(f"quantity {count} is out of range; it goes from 0 to {MAX_COPIES}")
    return counts


class FrontNames:
    """The names of a deck's fronts, to find them by."""

    def __init__(self, names: Sequence[str]) -> None:
        self._whole: dict[str, list[int]] = defaultdict(list)
        self._short: dict[str, list[int]] = defaultdict(list)
        for i, path in enumerate(map(_path, names)):
            self._whole[str(path)].append(i)
            for part in {path.name, path.stem}:
                self._short[part].append(i)

    def find(self, wanted: str, what: str) -> list[int]:
        """The places of the fronts whose whole name is the wanted one; else of those whose file name or stem it is.
        DeckError, saying for `what`, when there is none."""
        key = str(_path(wanted))
        hits = self._whole.get(key) or self._short.get(key)
        if not hits:
            raise DeckError(f'{what} for "{one_line(wanted)}": there is no front of that name')
        return hits


def told_apart(names: Sequence[str]) -> list[str]:
    """The names, with a number behind each that stood before: `elf.png`, `elf.png (2)`. By each of them `FrontNames`
    finds one front alone."""
    taken: set[str] = set()
    told = []
    for name in names:
        free, number = name, 1
        while str(_path(free)) in taken:
            number += 1
            free = f"{name} ({number})"
        taken.add(str(_path(free)))
        told.append(free)
    return told


def _path(name: str) -> PurePosixPath:
    """A display name for comparing: composed (NFC), without case."""
    return PurePosixPath(unicodedata.normalize("NFC", name.replace("\\", "/")).casefold())
