"""A layout's name: the published cutting template's where the geometry is that template's, else our own."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

from cardmaker import catalog
from cardmaker.sheet.model import GAP_MM, Marks, SheetOptions, Variant


def template_name(options: SheetOptions, radius_mm: float) -> str | None:
    """Name of the published cutting template for a paper, card and corner of these sizes, if there is one. Sizes
    count, not how they were asked for: a custom 63 x 88 mm card is a standard card."""
    borderless = options.variant is Variant.BORDERLESS
    paper = next(
        (p.name for p in catalog.papers().values() if replace(p, name="") == replace(options.paper, name="")), ""
    )
    wanted = replace(options.card, name="", radius_mm=radius_mm)
    card = next((c.name for c in catalog.cards().values() if replace(c, name="") == wanted), "")
    version = catalog.template_version(paper, card, borderless=borderless)
    return None if version is None else f"{paper}-{card}{_infix(options)}-v{version}"


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
