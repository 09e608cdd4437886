"""A layout's name: the published cutting template's where the geometry is that template's, else our own.

Our own says how to make the sheet again, `named` does:

    cm1-{paper}-{card}[-borderless][-four|-nomarks][-i15.875][-t0.5][-l12.5][-r2.5][-landscape|-portrait]

`1` is the version of the solver's rules. Paper and card are names of the catalogue, or sizes in mm: `300x200`,
`70x120`, `c26` for a circle. Inset, thickness, length of the marks, the corner's radius and the page's orientation
in the machine stand there only where they differ from what the layout has anyway. Numbers have at most four decimals.
"""

from __future__ import annotations

from collections.abc import Iterator

from cardmaker import catalog
from cardmaker.catalog import CardSize, Paper
from cardmaker.sheet.model import DEFAULT_THICKNESS_MM, OWN_PREFIX, MarkKind, Marks, Orientation, Variant
from cardmaker.sheet.normal import Wanted, number, own_inset_mm

# Raised whenever the same options give another geometry than before; names of older versions are then refused.
RULES_VERSION = 1
KIND_WORDS = {MarkKind.FOUR: "four", MarkKind.NONE: "nomarks"}


def layout_name(wanted: Wanted, page: Orientation, marks: Marks, recommended_mm: float) -> str:
    """The one name of that geometry; safe in a file's name. `page` is the printed page's orientation."""
    borderless = wanted.variant is Variant.BORDERLESS
    stem = f"{_paper(wanted.paper)}-{_card(wanted.card)}" + ("-borderless" if borderless else "")
    parts = list(_parts(wanted, page, marks, recommended_mm))
    version = catalog.template_version(wanted.paper.name, wanted.card.name, borderless=borderless)
    if version is not None and not parts:
        return f"{stem}-v{version}"
    return "-".join((f"{OWN_PREFIX}{RULES_VERSION}-{stem}", *parts))


def _parts(wanted: Wanted, page: Orientation, marks: Marks, recommended_mm: float) -> Iterator[str]:
    if marks.kind in KIND_WORDS:
        yield KIND_WORDS[marks.kind]
    for letter, value, own in (
        ("i", wanted.inset_mm, own_inset_mm(wanted.variant)),
        ("t", marks.thickness_mm, DEFAULT_THICKNESS_MM),
        ("l", marks.length_mm, recommended_mm),
        ("r", wanted.radius_mm, wanted.card.radius_mm),
    ):
        if number(value) != number(own):
            yield f"{letter}{number(value)}"
    if marks.orientation is not page:
        yield marks.orientation.value


def _paper(paper: Paper) -> str:
    if paper.name in catalog.papers():
        return paper.name
    return f"{number(paper.width_mm)}x{number(paper.height_mm)}"


def _card(card: CardSize) -> str:
    if card.name in catalog.cards() or card in (known.card for known in catalog.specialties().values()):
        return card.name
    if card.circle:
        return f"c{number(card.width_mm)}"
    return f"{number(card.width_mm)}x{number(card.height_mm)}"
