"""The cards of one session as they lie on the table: what came in, its order, and what was set for each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import count
from typing import Self

from cardmaker import knobs
from cardmaker.deck import MAX_COPIES, Artwork, Place, pairing, told_apart
from cardmaker.errors import DeckError, InputError
from cardmaker.project import BY_NAME, NO_BACK, Project, ProjectCard
from cardmaker.source import ImageSource, natural_key

# The artwork knobs that the table offers for single cards.
KNOBS = ("fit", "crop", "source_bleed", "rotate")
COMMON = 0


class Order(StrEnum):
    NATURAL = "By name"
    UPLOAD = "As uploaded"
    HAND = "By hand"


@dataclass
class Row:
    """One card. `back` is the id of an own back chosen by hand, COMMON for none; None goes by the names. `knobs` holds
    this card's own values as they were written; what is not there is as for all cards."""

    id: int
    image: ImageSource
    quantity: int = 1
    back: int | None = None
    knobs: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Back:
    id: int
    image: ImageSource


@dataclass
class Stack:
    """`broken` says by digest why an image cannot be printed; `forgiven` are the cards that the person chose to print
    without. `title` is the folder or ZIP they came in. `version` changes whenever the deck may have."""

    rows: list[Row] = field(default_factory=list)
    backs: list[Back] = field(default_factory=list)
    common: ImageSource | None = None
    order: Order = Order.NATURAL
    is_sample: bool = False
    broken: dict[str, str] = field(default_factory=dict)
    forgiven: frozenset[int] = frozenset()
    title: str = ""
    version: int = 0
    _ids: count[int] = field(default_factory=lambda: count(COMMON + 1))

    # -- what came in --

    def add(self, images: Iterable[ImageSource]) -> None:
        """Fronts, after those that are there; in place of the sample."""
        if self.is_sample:
            self.clear()
        self.rows += [Row(next(self._ids), image) for image in images]
        self.version += 1

    def add_backs(self, images: Iterable[ImageSource]) -> None:
        self.backs += [Back(next(self._ids), image) for image in images]
        self.version += 1

    def lay_sample(self, artwork: Artwork) -> None:
        """In place of what is there."""
        self.clear()
        deck, images = artwork.deck, artwork.images
        self.rows = [Row(next(self._ids), images[card.front], card.quantity) for card in deck.cards]
        self.common = self.common or (images[deck.back] if deck.back else None)
        self.title, self.is_sample = "sample", True

    def lay_common(self, image: ImageSource | None) -> None:
        self.common = image
        self.version += 1

    def clear(self) -> None:
        """The sample takes its back with it; a back of one's own stays for the next fronts."""
        self.rows, self.title, self.order = [], "", Order.NATURAL
        if self.is_sample:
            self.common = None
        self.is_sample = False
        self.version += 1

    # -- as a project --

    @classmethod
    def of(cls, project: Project) -> Self:
        stack = cls()
        stack.open(project)
        return stack

    def open(self, project: Project) -> None:
        """In place of all that is there."""
        self.backs = [Back(next(self._ids), image) for image in project.backs]
        ids = sorted(next(self._ids) for _ in project.cards)

        def back(card: ProjectCard) -> int | None:
            return self.backs[card.back].id if isinstance(card.back, int) else {NO_BACK: COMMON}.get(card.back)

        self.rows = [Row(ids[c.upload], c.image, c.quantity, back(c), dict(c.knobs)) for c in project.cards]
        self.common, self.title, self.order = project.common_back, project.title, Order[project.order.upper()]
        self.is_sample, self.forgiven = False, frozenset()
        self.version += 1

    def project(self, settings: Mapping[str, object]) -> Project:
        """All that is there, also what cannot be printed, and those settings."""
        places = {back.id: place for place, back in enumerate(self.backs)}
        uploads = {wanted: place for place, wanted in enumerate(sorted(row.id for row in self.rows))}

        def back(row: Row) -> int | str:
            return NO_BACK if row.back == COMMON else places.get(row.back or COMMON, BY_NAME)

        return Project(
            tuple(
                ProjectCard(row.image, row.quantity, back(row), dict(row.knobs), uploads[row.id])
                for row in self.ordered()
            ),
            tuple(back.image for back in self.backs),
            self.common,
            self.title,
            self.order.name.lower(),
            settings,
        )

    # -- order --

    def ordered(self) -> list[Row]:
        if self.order is Order.NATURAL:
            return sorted(self.rows, key=lambda row: natural_key(row.image.name))
        if self.order is Order.UPLOAD:
            return sorted(self.rows, key=lambda row: row.id)
        return list(self.rows)

    def names(self) -> dict[int, str]:
        """By id, each name only once."""
        rows = self.ordered()
        return dict(zip((row.id for row in rows), told_apart([row.image.name for row in rows]), strict=True))

    def arrange(self, order: Order) -> None:
        if order is Order.HAND:
            self.rows = self.ordered()
        self.order = order
        self.version += 1

    def move(self, ids: Sequence[int], place: int) -> None:
        """Those cards, together and in their order, so that the first comes to that place (from 0)."""
        rows = self.ordered()
        moved = [row for row in rows if row.id in ids]
        others = [row for row in rows if row.id not in ids]
        at = min(max(place, 0), len(others))
        self.rows = [*others[:at], *moved, *others[at:]]
        self.order = Order.HAND
        self.version += 1

    def shift(self, ids: Sequence[int], by: int) -> None:
        places = [i for i, row in enumerate(self.ordered()) if row.id in ids]
        if places:
            self.move(ids, places[0] + by)

    # -- single cards --

    def row(self, wanted: int) -> Row | None:
        return next((row for row in self.rows if row.id == wanted), None)

    def set_quantity(self, row: Row, value: object) -> None:
        """Raises DeckError."""
        if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= MAX_COPIES:
            raise DeckError(f"quantity: write a whole number from 0 to {MAX_COPIES:,}")
        others = sum(each.quantity for each in self.rows if each is not row)
        if not 0 < others + value <= MAX_COPIES:
            most = f"print at most {MAX_COPIES:,} cards at a time" if value else "print at least one card"
            raise DeckError(f"quantity: {most}")
        row.quantity = value
        self.version += 1

    def set_knob(self, row: Row, knob: str, text: str) -> None:
        """Empty: as for all cards. Raises SettingError."""
        if text:
            knobs.artwork_from({knob: text})
            row.knobs[knob] = text
        else:
            row.knobs.pop(knob, None)
        self.version += 1

    def set_back(self, row: Row, back: int | None) -> None:
        row.back = back
        self.version += 1

    @contextmanager
    def all_or_nothing(self) -> Iterator[None]:
        """What is set for cards within counts as one: where one of it is wrong, all stays as it was."""
        before = [(row, row.quantity, row.back, dict(row.knobs)) for row in self.rows]
        try:
            yield
        except InputError:
            for row, quantity, back, own in before:
                row.quantity, row.back, row.knobs = quantity, back, own
            raise

    def replace(self, row: Row, image: ImageSource) -> None:
        row.image = image
        self.forgiven -= {row.id}
        self.version += 1

    def remove(self, ids: Iterable[int]) -> None:
        gone = set(ids)
        self.rows = [row for row in self.rows if row.id not in gone]
        if not self.rows:
            self.clear()
        self.version += 1

    # -- equal images --

    def twins(self) -> list[list[Row]]:
        """Cards of the same image and back, where there are several."""
        alike: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
        backs = self.backs_by_row()
        for row in self.ordered():
            own = backs.get(row.id)
            alike[row.image.digest, own.image.digest if own else "", str(sorted(row.knobs.items()))].append(row)
        return [rows for rows in alike.values() if len(rows) > 1]

    def merge(self, rows: Sequence[Row]) -> None:
        """Into the first, with all their copies. Those that were merged before, as by the first click of two, count no
        more."""
        there = [row for wanted in rows if (row := self.row(wanted.id))]
        if len(there) > 1:
            self.rows = [row for row in self.rows if row not in there[1:]]
            there[0].quantity = sum(row.quantity for row in there)
            self.version += 1

    def merge_all(self) -> None:
        for rows in self.twins():
            self.merge(rows)

    # -- backs --

    def backs_by_row(self) -> dict[int, Back]:
        """The own back of each card that has one, chosen by hand or paired by name."""
        return self._paired()[0]

    def lost_backs(self) -> list[tuple[Back, str]]:
        """Own backs that are no card's, and why."""
        return self._paired()[1]

    def remove_backs(self) -> None:
        self.backs = []
        self.version += 1

    def remove_lost_backs(self) -> None:
        lost = {back.id for back, _ in self.lost_backs()}
        self.backs = [back for back in self.backs if back.id not in lost]
        self.version += 1

    def _paired(self) -> tuple[dict[int, Back], list[tuple[Back, str]]]:
        by_id = {back.id: back for back in self.backs}
        chosen = {row.id: by_id[row.back] for row in self.rows if row.back in by_id}
        used = {back.id for back in chosen.values()}
        open_rows = [row for row in self.ordered() if row.back not in by_id and row.back != COMMON]
        left = [back for back in self.backs if back.id not in used]
        lost = []
        for back, found in zip(left, pairing([r.image for r in open_rows], [b.image for b in left]), strict=True):
            if isinstance(found, DeckError):
                lost.append((back, str(found)))
            else:
                chosen[open_rows[found].id] = back
        return chosen, lost

    # -- the deck --

    def trouble_with(self, row: Row, own: Back | None) -> str:
        """Why that card cannot be printed; empty when it can, as far as is known."""
        if row.image.digest in self.broken:
            return self.broken[row.image.digest]
        if own and own.image.digest in self.broken:
            return f'its back "{own.image.name}" {self.broken[own.image.digest]}'
        return ""

    def images(self) -> list[ImageSource]:
        common = [self.common] if self.common else []
        return [*(row.image for row in self.rows), *(back.image for back in self.backs), *common]

    def places(self) -> list[Place]:
        """The cards that can be printed, in their order."""
        backs, names = self.backs_by_row(), self.names()
        return [
            Place(row.image, own.image if own else None, row.quantity, names[row.id])
            for row in self.ordered()
            if not self.trouble_with(row, own := backs.get(row.id))
        ]

    def overrides(self) -> dict[str, dict[str, str]]:
        """The knob of that name, for the cards that can be printed."""
        backs, names = self.backs_by_row(), self.names()
        return {
            names[row.id]: dict(row.knobs)
            for row in self.ordered()
            if row.knobs and not self.trouble_with(row, backs.get(row.id))
        }

    def unprintable(self) -> list[tuple[Row, str]]:
        """Cards that cannot be printed, each with why."""
        backs = self.backs_by_row()
        found = ((row, self.trouble_with(row, backs.get(row.id))) for row in self.ordered())
        return [(row, why) for row, why in found if why]

    def forgive(self) -> None:
        """Print without them."""
        self.forgiven = frozenset(row.id for row, _ in self.unprintable())
        self.version += 1
