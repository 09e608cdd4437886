"""Paper + card + registration marks -> a `Sheet`: where the cards, the marks and the quiet zones lie.

All lengths are millimetres, the origin is the page's top-left corner, y runs down. A sheet never depends on
the cards that are put on it. The figures are those of the cutting software and of the published templates
for it; `docs/decisions/0002-sheet-geometry.md` explains them.
"""

from cardmaker.sheet.limits import INSET_RANGE_MM, LENGTH_RANGE_MM, THICKNESS_RANGE_MM
from cardmaker.sheet.model import (
    BLEED_OVERLAP_MM,
    BORDERLESS_INSET_MM,
    DEFAULT_INSET_MM,
    DEFAULT_THICKNESS_MM,
    GAP_MM,
    QUIET_ZONE_MM,
    SQUARE_MM,
    Clearance,
    Corner,
    Mark,
    MarkKind,
    Marks,
    Orientation,
    Rect,
    Sheet,
    SheetOptions,
    Slot,
    Variant,
)
from cardmaker.sheet.named import named
from cardmaker.sheet.solver import solve, specialty

__all__ = [
    "BLEED_OVERLAP_MM",
    "BORDERLESS_INSET_MM",
    "DEFAULT_INSET_MM",
    "DEFAULT_THICKNESS_MM",
    "GAP_MM",
    "INSET_RANGE_MM",
    "LENGTH_RANGE_MM",
    "QUIET_ZONE_MM",
    "SQUARE_MM",
    "THICKNESS_RANGE_MM",
    "Clearance",
    "Corner",
    "Mark",
    "MarkKind",
    "Marks",
    "Orientation",
    "Rect",
    "Sheet",
    "SheetOptions",
    "Slot",
    "Variant",
    "named",
    "solve",
    "specialty",
]
