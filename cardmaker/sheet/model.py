"""The values that a sheet is made of, and from."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from cardmaker.catalog import CardSize, Paper

GAP_MM = 1.25
QUIET_ZONE_MM = 6.5
SQUARE_MM = 5.0
DEFAULT_INSET_MM = 10.0
BORDERLESS_INSET_MM = 3.5
DEFAULT_THICKNESS_MM = 1.0
# Neighbours' bleeds meet in the middle of the gap; this much more of each keeps a white hairline from showing there.
BLEED_OVERLAP_MM = 0.03
# How the layout names begin that are ours; no paper's does.
OWN_PREFIX = "cm"
# A float may miss a limit by this much and still be on it.
EPSILON_MM = 1e-9


class Orientation(StrEnum):
    LANDSCAPE = "landscape"
    PORTRAIT = "portrait"


class Variant(StrEnum):
    DEFAULT = "default"
    BORDERLESS = "borderless"


class MarkKind(StrEnum):
    THREE = "three"
    FOUR = "four"
    NONE = "none"


class Corner(StrEnum):
    TOP_LEFT = "top-left"
    TOP_RIGHT = "top-right"
    BOTTOM_LEFT = "bottom-left"
    BOTTOM_RIGHT = "bottom-right"

    @property
    def is_left(self) -> bool:
        return self in (Corner.TOP_LEFT, Corner.BOTTOM_LEFT)

    @property
    def is_top(self) -> bool:
        return self in (Corner.TOP_LEFT, Corner.TOP_RIGHT)


@dataclass(frozen=True, slots=True)
class Rect:
    """A rectangle by its top-left corner, in millimetres, y down."""

    x_mm: float
    y_mm: float
    width_mm: float
    height_mm: float

    @property
    def right_mm(self) -> float:
        return self.x_mm + self.width_mm

    @property
    def bottom_mm(self) -> float:
        return self.y_mm + self.height_mm


@dataclass(frozen=True, slots=True)
class Slot:
    """A card's place on the sheet; `index` runs row by row from 0 at the top left. The rectangle is the trim."""

    index: int
    row: int
    column: int
    trim: Rect


@dataclass(frozen=True, slots=True)
class Mark:
    """One registration mark: an L, or the solid square that the machine looks for first."""

    corner: Corner
    square: bool


@dataclass(frozen=True, slots=True)
class Marks:
    """The registration marks. `inset_mm` runs from the page's edge to a stroke's centre line, an arm's ink
    ends `length_mm` beyond that. `orientation` is that of the page in the machine. With kind `none` the
    lengths still shape the grid, and nothing is drawn."""

    kind: MarkKind
    inset_mm: float
    thickness_mm: float
    length_mm: float
    orientation: Orientation
    drawn: tuple[Mark, ...]


@dataclass(frozen=True, slots=True)
class Clearance:
    """How far the nearest card starts inside a mark's two lines. Below `QUIET_ZONE_MM` on either, a scanner
    may read the card as the mark; leaving `slot` empty cures it."""

    corner: Corner
    slot: int
    x_mm: float
    y_mm: float

    @property
    def nearest_mm(self) -> float:
        return min(self.x_mm, self.y_mm)

    @property
    def is_tight(self) -> bool:
        return self.nearest_mm < QUIET_ZONE_MM - EPSILON_MM


@dataclass(frozen=True, slots=True)
class SheetOptions:
    """What a sheet is made from. None means: as the layout wants it."""

    paper: Paper
    card: CardSize
    variant: Variant = Variant.DEFAULT
    marks: MarkKind = MarkKind.THREE
    inset_mm: float | None = None
    thickness_mm: float = DEFAULT_THICKNESS_MM
    length_mm: float | None = None
    corner_radius_mm: float | None = None
    registration_orientation: Orientation | None = None


@dataclass(frozen=True, slots=True)
class Sheet:
    """A solved sheet. `media_*` is what to declare in the cutting software: larger than the page when borderless."""

    paper: Paper
    card: CardSize
    variant: Variant
    orientation: Orientation
    width_mm: float
    height_mm: float
    columns: int
    rows: int
    gap_mm: float
    corner_radius_mm: float
    marks: Marks
    slots: tuple[Slot, ...]
    layout_name: str

    @property
    def is_published(self) -> bool:
        """Whether a ready-made cutting template of this geometry is published, under the layout's name."""
        return not self.layout_name.startswith(OWN_PREFIX)

    @property
    def media_width_mm(self) -> float:
        return self.width_mm + self._media_extra_mm

    @property
    def media_height_mm(self) -> float:
        return self.height_mm + self._media_extra_mm

    @property
    def is_turned(self) -> bool:
        """Whether the paper lies in the machine a quarter clockwise from how it is printed."""
        return self.marks.orientation is not self.orientation

    @property
    def media_in_machine_mm(self) -> tuple[float, float]:
        """Width and height to declare, as the paper lies in the machine."""
        width, height = self.media_width_mm, self.media_height_mm
        return (height, width) if self.is_turned else (width, height)

    @property
    def _media_extra_mm(self) -> float:
        return 2 * (DEFAULT_INSET_MM - self.marks.inset_mm) if self.variant is Variant.BORDERLESS else 0.0

    def _repr_svg_(self) -> str:
        """As a notebook shows it."""
        from cardmaker.sheet import drawing  # which knows the sheet

        return drawing.svg(self)

    def quiet_zone(self, corner: Corner) -> Rect:
        """The square that reaches inward from the inset corner, where no ink but the mark's may be."""
        inset, side = self.marks.inset_mm, QUIET_ZONE_MM
        x = inset if corner.is_left else self.width_mm - inset - side
        y = inset if corner.is_top else self.height_mm - inset - side
        return Rect(x, y, side, side)

    def slot_at(self, corner: Corner) -> Slot:
        row = 0 if corner.is_top else self.rows - 1
        column = 0 if corner.is_left else self.columns - 1
        return self.slots[row * self.columns + column]

    def clearances(self) -> tuple[Clearance, ...]:
        """One for each marked corner. The grid is centred, so they differ by their slot alone."""
        first = self.slots[0].trim
        x, y = first.x_mm - self.marks.inset_mm, first.y_mm - self.marks.inset_mm
        return tuple(Clearance(m.corner, self.slot_at(m.corner).index, x, y) for m in self.marks.drawn)

    def as_json(self) -> dict[str, object]:
        """The sheet as plain values; the shape that scripts rely on. Lengths in mm, rounded to 0.1 µm."""
        return {
            "page": {
                "width_mm": _rounded(self.width_mm),
                "height_mm": _rounded(self.height_mm),
                "orientation": self.orientation.value,
            },
            "columns": self.columns,
            "rows": self.rows,
            "gap_mm": self.gap_mm,
            "slots": [_slot_json(slot) for slot in self.slots],
            "marks": {
                "kind": self.marks.kind.value,
                "inset_mm": _rounded(self.marks.inset_mm),
                "thickness_mm": _rounded(self.marks.thickness_mm),
                "length_mm": _rounded(self.marks.length_mm),
                "orientation": self.marks.orientation.value,
                "corners": [{"corner": m.corner.value, "square": m.square} for m in self.marks.drawn],
            },
            "layout_name": self.layout_name,
            "paper": self.paper.name,
            "card": {
                "name": self.card.name,
                "width_mm": _rounded(self.card.width_mm),
                "height_mm": _rounded(self.card.height_mm),
                "corner_radius_mm": _rounded(self.corner_radius_mm),
                "circle": self.card.circle,
            },
            "variant": self.variant.value,
            "media": {"width_mm": _rounded(self.media_width_mm), "height_mm": _rounded(self.media_height_mm)},
            "clearances": [
                {"corner": c.corner.value, "slot": c.slot, "x_mm": _rounded(c.x_mm), "y_mm": _rounded(c.y_mm)}
                for c in self.clearances()
            ],
        }


def _slot_json(slot: Slot) -> dict[str, object]:
    trim = slot.trim
    return {
        "index": slot.index,
        "row": slot.row,
        "column": slot.column,
        "x_mm": _rounded(trim.x_mm),
        "y_mm": _rounded(trim.y_mm),
        "width_mm": _rounded(trim.width_mm),
        "height_mm": _rounded(trim.height_mm),
    }


def _rounded(mm: float) -> float:
    return round(mm, 4) + 0.0
