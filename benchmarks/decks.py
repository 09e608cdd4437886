"""The decks that are measured, and where they lie. `benchmarks.drawing` draws them."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

# Another figure when the drawing changes, so that no old deck is measured as a new one.
_ROOT = Path(__file__).parent.parent
FOLDER = _ROOT / ".bench" / "decks-1"
SIZE, LARGE, WITH_BLEED = (745, 1040), (1500, 2100), (822, 1122)
CARDS = 104
GROWTH = (8, 24, 104, 520, 1040)


@dataclass(frozen=True, slots=True)
class Deck:
    """`options` are what the command line needs beside the images; `images` names the deck whose files it shares."""

    name: str
    what: str
    size: tuple[int, int]
    kind: str = "jpg"
    cards: int = CARDS
    options: tuple[str, ...] = ()
    images: str = ""

    @property
    def fronts(self) -> Path:
        return FOLDER / (self.images or self.name)

    @property
    def back(self) -> Path:
        return FOLDER / f"{self.images or self.name}-back.{self.kind}"

    @property
    def files(self) -> list[Path]:
        return [*sorted(self.fronts.iterdir()), self.back]

    @property
    def bytes_in(self) -> int:
        return sum(path.stat().st_size for path in self.files)


DECKS = {
    deck.name: deck
    for deck in (
        Deck("jpeg", "JPEG, 745 x 1040", SIZE),
        Deck("png", "PNG, 745 x 1040", SIZE, "png"),
        Deck("large", "JPEG, 1500 x 2100", LARGE),
        Deck("bleed", "JPEG with its own bleed, 822 x 1122", WITH_BLEED, options=("--source-bleed", "3.05mm")),
        Deck("alpha", "PNG with round transparent corners, 745 x 1040", SIZE, "png"),
        Deck(
            "knobs",
            "JPEG, 745 x 1040: cover, crop, filled corners",
            SIZE,
            options=("--fit", "cover", "--crop", "1mm", "--fill-corners", "3.5mm"),
            images="jpeg",
        ),
        *(Deck(f"jpeg-{count}", f"{count} JPEGs, 745 x 1040", SIZE, cards=count) for count in GROWTH),
    )
}


def drawn(deck: Deck) -> Deck:
    """That deck, there to be used; a minute when it is not. Drawn in a process of its own: this one's memory is where
    the peak of every other that it starts begins."""
    if not deck.back.exists():
        print(f"drawing {deck.cards} cards: {deck.what}", file=sys.stderr, flush=True)
        subprocess.run([sys.executable, "-m", "benchmarks.drawing", deck.images or deck.name], cwd=_ROOT, check=True)
    return deck
