"""A layout's name: the published cutting template's where the geometry is that template's, else our own."""

from __future__ import annotations

import hashlib
import json

from cardmaker import catalog
from cardmaker.sheet.model import GAP_MM, Marks, SheetOptions, Variant


def template_name(options: SheetOptions) -> str | None:
    """Name of the published cutting template for this paper, card and variant, if there is one."""
    borderless = options.variant is Variant.BORDERLESS
    version = catalog.template_version(options.paper.name, options.card.name, borderless=borderless)
    return None if version is None else f"{options.paper.name}-{options.card.name}{_infix(options)}-v{version}"


def own_name(
    options: SheetOptions, page: tuple[float, float], grid: tuple[int, int], marks: Marks, radius_mm: float
) -> str:
    """A name that ends in a digest of everything the cutter sees, so that two layouts never share one.
    `page` is width and height in mm, `grid` columns and rows."""
    card = options.card
    geometry = {
        "page": [round(side, 4) for side in page],
        "grid": [*grid, GAP_MM],
        "card": [round(card.width_mm, 4), round(card.height_mm, 4), round(radius_mm, 4), card.circle],
        "marks": [marks.kind, round(marks.inset_mm, 4), round(marks.thickness_mm, 4), round(marks.length_mm, 4)],
        "corners": [[mark.corner, mark.square] for mark in marks.drawn],
    }
    digest = hashlib.sha256(json.dumps(geometry, sort_keys=True).encode()).hexdigest()[:8]
    return f"cm-{options.paper.name}-{card.name}{_infix(options)}-{digest}"


def _infix(options: SheetOptions) -> str:
    return "-borderless" if options.variant is Variant.BORDERLESS else ""
