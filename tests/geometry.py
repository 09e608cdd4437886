"""A second solver, to hold the first one against: made from the written facts about sheets, not from the package.

Own tables, brute force, and whole micrometres, in which every size here (inches too) is exact.
"""

from dataclasses import dataclass

Size = tuple[int, int]


def mm(value: float) -> int:
    return round(value * 1000)


def inch(value: float) -> int:
    return round(value * 25400)


PAPERS: dict[str, Size] = {
    "letter": (inch(11), inch(8.5)),
    "legal": (inch(14), inch(8.5)),
    "tabloid": (inch(17), inch(11)),
    "a4": (mm(297), mm(210)),
    "a3": (mm(420), mm(297)),
    "arch_b": (inch(18), inch(12)),
}
PAPER_ALIASES = {"ansi_a": "letter", "ansi_b": "tabloid"}

CARDS: dict[str, Size] = {
    "standard": (mm(63), mm(88)),
    "poker": (inch(2.5), inch(3.5)),
    "bridge": (inch(2.25), inch(3.5)),
    "tarot": (inch(2.75), inch(4.75)),
    "japanese": (mm(59), mm(86)),
    "standard_double": (mm(88), mm(126)),
    "mini": (inch(1.75), inch(2.5)),
    "micro": (inch(1.25), inch(1.75)),
    "american_mini": (mm(41), mm(63)),
    "euro_mini": (mm(44), mm(68)),
    "business": (inch(3.5), inch(2)),
    "euro_business": (mm(85), mm(55)),
    "credit": (inch(3.375), inch(2.125)),
    "catan": (mm(54), mm(80)),
    "domino": (inch(1.75), inch(3.5)),
    "domino_square": (inch(1.75), inch(1.75)),
    "bridge_square": (inch(2.25), inch(2.25)),
    "jumbo": (inch(3.5), inch(5.5)),
    "70mm_square": (mm(70), mm(70)),
    "1in_circle": (inch(1), inch(1)),
    "20mm_circle": (mm(20), mm(20)),
    "25mm_circle": (mm(25), mm(25)),
    "30mm_circle": (mm(30), mm(30)),
    "39mm_circle": (mm(39), mm(39)),
    "40mm_circle": (mm(40), mm(40)),
}
CARD_ALIASES = {
    "euro_poker": "standard",
    "mini_american": "american_mini",
    "mini_euro": "euro_mini",
    "photo": "euro_business",
    "poker_chip": "39mm_circle",
}
# The corners that are not 3 mm; a circle's radius is half its diameter.
RADII = {"japanese": mm(1), "credit": inch(0.125)}

SPECIALTIES: dict[str, tuple[str, Size, int]] = {
    "letter-commander": ("letter", (mm(16.86), mm(23.54)), mm(0.8)),
    "a4-commander": ("a4", (mm(17.82), mm(24.89)), mm(0.85)),
}

GAP = mm(1.25)
CORNER_ZONE = mm(6.5)
INSETS = {"default": mm(10), "borderless": mm(3.5)}

# Versions of the published templates, default/borderless; legal is 1 throughout.
_PUBLISHED = """
card            letter tabloid a4  a3 arch_b
70mm_square     2/2    2/2     2/2 2  2
american_mini   2/2    2/2     2/2 2  2
bridge          4/2    3/2     4/2 2  2
bridge_square   4/2    3/2     3/2 3  3
business        2/2    2/2     2/2 2  2
catan           2/2    2/2     2/2 2  2
credit          2/2    2/2     2/2 2  2
domino          3/2    2/2     2/2 2  2
domino_square   4/2    4/2     3/2 3  3
euro_business   2/2    2/2     2/2 2  2
euro_mini       2/2    2/2     2/2 2  2
japanese        3/2    2/2     4/2 2  2
jumbo           2/2    2/2     2/2 2  3
micro           2/2    2/2     2/2 2  2
mini            2/2    2/2     2/2 2  2
poker           4/2    3/2     3/2 2  2
standard        6/2    5/2     5/2 5  4
standard_double 3/2    2/2     3/2 2  2
tarot           3/2    3/2     3/2 2  3
"""


def _published() -> dict[tuple[str, str, str], str]:
    (_, *papers), *lines = (line.split() for line in _PUBLISHED.split("\n") if line)
    names = {}
    for card, *cells in lines:
        for paper, cell in (*zip(papers, cells, strict=True), ("legal", "1/1")):
            for variant, version in zip(INSETS, cell.split("/"), strict=False):
                infix = "-borderless" if variant == "borderless" else ""
                names[paper, card, variant] = f"{paper}-{card}{infix}-v{version}"
    return names


# (paper, card, variant) -> the published template's name.
TEMPLATES = _published()


@dataclass(frozen=True)
class Layout:
    """A grid on a page, in micrometres."""

    orientation: str
    page: Size
    columns: int
    rows: int
    card: Size
    inset: int

    @property
    def count(self) -> int:
        return self.columns * self.rows

    @property
    def corners_mm(self) -> list[tuple[float, float]]:
        """Top-left corners of the cards in mm, row by row."""
        x0, y0 = self._first_mm
        step_x, step_y = ((side + GAP) / 1000 for side in self.card)
        return [(x0 + c * step_x, y0 + r * step_y) for r in range(self.rows) for c in range(self.columns)]

    @property
    def arm_mm(self) -> float:
        """The recommended length of the marks' arms, as drawn."""
        longest = max(first - self.inset / 1000 for first in self._first_mm) - GAP / 1000
        return min(max(longest, 5.0), 20.0)

    @property
    def _first_mm(self) -> tuple[float, float]:
        width, height = (n * side + (n - 1) * GAP for n, side in zip(self._grid, self.card, strict=True))
        return (self.page[0] - width) / 2000, (self.page[1] - height) / 2000

    @property
    def _grid(self) -> Size:
        return self.columns, self.rows

    @property
    def is_valid(self) -> bool:
        """Inside the inset, and free of the corner zone on at least one axis."""
        clearances = []
        for n, side, page in zip(self._grid, self.card, self.page, strict=True):
            if n * side + (n - 1) * GAP > page - 2 * self.inset:
                return False
            # Twice the clearance, so that it stays a whole number.
            clearances.append(page - (n * side + (n + 1) * GAP) - 2 * self.inset)
        return max(clearances) >= 2 * CORNER_ZONE


def layouts(paper: Size, card: Size, inset: int) -> list[Layout]:
    """Every valid grid on both orientations of a paper."""
    long, short = max(paper), min(paper)
    found = (
        Layout(orientation, page, columns, rows, card, inset)
        for orientation, page in (("landscape", (long, short)), ("portrait", (short, long)))
        for columns in range(1, page[0] // card[0] + 1)
        for rows in range(1, page[1] // card[1] + 1)
    )
    return [layout for layout in found if layout.is_valid]


def solve(paper: Size, card: Size, inset: int) -> Layout | None:
    """Most cards; ties go to landscape, then to more columns. None when nothing fits."""
    return max(
        layouts(paper, card, inset),
        key=lambda layout: (layout.count, layout.orientation == "landscape", layout.columns),
        default=None,
    )
