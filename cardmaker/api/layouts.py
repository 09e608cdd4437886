"""The catalogue: what may be named in settings."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter

from cardmaker import catalog
from cardmaker.api import models
from cardmaker.sheet import MarkKind, Variant


def routes() -> APIRouter:
    router = APIRouter(tags=["layouts"])

    @router.get("/layouts", summary="Papers, cards, variants and specialty sheets", response_model=models.Layouts)
    async def layouts() -> dict[str, Any]:
        """Sizes in mm; papers lie, cards stand. Any other size may be named as well: `300mmx200mm`, `25mm_circle`."""
        return {
            "papers": [_sized(paper) for paper in catalog.papers().values()],
            "cards": [_card(card) for card in catalog.cards().values()],
            "variants": list(Variant),
            "marks": list(MarkKind),
            "specialty": [_special(sheet) for sheet in catalog.specialties().values()],
        }

    return router


def _sized(item: catalog.Paper | catalog.CardSize) -> dict[str, Any]:
    # Inches turned into mm leave their dust in the last digits.
    return {"name": item.name, "width_mm": round(item.width_mm, 4), "height_mm": round(item.height_mm, 4)}


def _card(card: catalog.CardSize) -> dict[str, Any]:
    return {**_sized(card), "radius_mm": round(card.radius_mm, 4), "circle": card.circle}


def _special(sheet: catalog.Specialty) -> dict[str, Any]:
    return {
        "name": sheet.name,
        "paper": sheet.paper.name,
        "card": _card(sheet.card),
        "orientation": sheet.orientation,
        "columns": sheet.columns,
        "rows": sheet.rows,
    }
