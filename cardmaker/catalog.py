"""Papers, cards and specialty sheets by name, and custom sizes. The facts stand in `catalog.json`.

Names are read without regard to case, blanks or hyphens: `Euro Poker` is `euro_poker`.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cardmaker.errors import SettingError, one_line
from cardmaker.units import format_number, parse_length, parse_size

DEFAULT_RADIUS_MM = 3.0
# Custom sizes: wide enough for any printer and any token, narrow enough that a slip of the unit is caught.
PAPER_LIMITS_MM = (50.0, 2000.0)
CARD_LIMITS_MM = (8.0, 2000.0)


@dataclass(frozen=True, slots=True)
class Paper:
    """A sheet of paper in landscape: `width_mm` is never below `height_mm`."""

    name: str
    width_mm: float
    height_mm: float


@dataclass(frozen=True, slots=True)
class CardSize:
    """A card upright as it is read. `radius_mm` is the corner's; a circle's is half its width."""

    name: str
    width_mm: float
    height_mm: float
    radius_mm: float
    circle: bool = False


@dataclass(frozen=True, slots=True)
class Specialty:
    """A sheet whose grid is given instead of solved for. `orientation` is landscape or portrait."""

    name: str
    paper: Paper
    card: CardSize
    orientation: str
    columns: int
    rows: int


def paper(text: str) -> Paper:
    """The paper of a catalogue name, or of a custom `WIDTHxHEIGHT` with units.

    Raises SettingError for a name that is neither, or a size out of `PAPER_LIMITS_MM`.
    """
    key = _key(text)
    name = _aliases("papers").get(key)
    if name:
        return papers()[name]
    if not _is_size(key):
        raise SettingError(f'paper "{one_line(text)}" is unknown; choose {_list(papers())}, or a size like 300mmx200mm')
    height, width = sorted(parse_size(text, "paper"))
    _check_limits("paper", (width, height), PAPER_LIMITS_MM)
    return custom_paper(width, height)


def card(text: str) -> CardSize:
    """The card of a catalogue name, of a custom `WIDTHxHEIGHT`, or of `DIAMETER_circle`, with units.

    Raises SettingError for a name that is none of these, or a size out of `CARD_LIMITS_MM`.
    """
    key = _key(text)
    name = _aliases("cards").get(key)
    if name:
        return cards()[name]
    if not _is_size(key):
        raise SettingError(
            f'card "{one_line(text)}" is unknown; choose {_list(cards())}, or a size like 70mmx120mm or 25mm_circle'
        )
    if key.endswith("_circle"):
        return _circle(text.strip()[: -len("_circle")])
    width, height = parse_size(text, "card")
    _check_limits("card", (width, height), CARD_LIMITS_MM)
    return custom_card(width, height)


def custom_paper(width_mm: float, height_mm: float) -> Paper:
    """A paper of that size in landscape, named after it."""
    return Paper(_size_name(width_mm, height_mm), width_mm, height_mm)


def custom_card(width_mm: float, height_mm: float) -> CardSize:
    """A card of that size with the usual corners, named after it."""
    return CardSize(_size_name(width_mm, height_mm), width_mm, height_mm, DEFAULT_RADIUS_MM)


def custom_circle(diameter_mm: float) -> CardSize:
    """A round card, named after its diameter."""
    name = f"{format_number(diameter_mm, 4)}mm_circle"
    return CardSize(name, diameter_mm, diameter_mm, diameter_mm / 2, circle=True)


def specialty(text: str) -> Specialty:
    """The specialty sheet of that name; SettingError lists the names."""
    wanted = text.strip().lower().replace("_", "-").replace(" ", "-")
    try:
        return specialties()[wanted]
    except KeyError:
        raise SettingError(f'specialty sheet "{one_line(text)}" is unknown; choose {_list(specialties())}') from None


def template_version(paper_name: str, card_name: str, *, borderless: bool) -> int | None:
    """Version of the published cutting template for a catalogue paper and card; None where there is none."""
    versions: list[int] = _facts()["templates"].get(card_name, {}).get(paper_name, [])
    return versions[borderless] if len(versions) > borderless else None


@functools.cache
def papers() -> dict[str, Paper]:
    """The catalogue's papers by name, in the order to show them."""
    sizes = {name: parse_size(fact["size"]) for name, fact in _facts()["papers"].items()}
    return {name: Paper(name, width, height) for name, (width, height) in sizes.items()}


@functools.cache
def cards() -> dict[str, CardSize]:
    """The catalogue's cards by name, in the order to show them."""
    return {name: _card_of(name, fact) for name, fact in _facts()["cards"].items()}


@functools.cache
def specialties() -> dict[str, Specialty]:
    """The specialty sheets by name."""
    return {name: _specialty_of(name, fact) for name, fact in _facts()["specialty"].items()}


@functools.cache
def _facts() -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(Path(__file__).with_name("catalog.json").read_text(encoding="utf-8"))
    return facts


@functools.cache
def _aliases(kind: str) -> dict[str, str]:
    found = {name: name for name in _facts()[kind]}
    for name, fact in _facts()[kind].items():
        found.update(dict.fromkeys(fact.get("aliases", []), name))
    return found


def _card_of(name: str, fact: dict[str, Any]) -> CardSize:
    if "circle" in fact:
        diameter = parse_length(fact["circle"])
        return CardSize(name, diameter, diameter, diameter / 2, circle=True)
    width, height = parse_size(fact["size"])
    return CardSize(name, width, height, parse_length(fact["radius"]) if "radius" in fact else DEFAULT_RADIUS_MM)


def _specialty_of(name: str, fact: dict[str, Any]) -> Specialty:
    width, height = parse_size(fact["card"])
    size = CardSize(name.split("-", 1)[1], width, height, parse_length(fact["radius"]))
    return Specialty(name, papers()[fact["paper"]], size, fact["orientation"], fact["columns"], fact["rows"])


def _circle(text: str) -> CardSize:
    diameter = parse_length(text, "card: diameter")
    _check_limits("card", (diameter,), CARD_LIMITS_MM)
    return custom_circle(diameter)


def _size_name(width: float, height: float) -> str:
    return f"{format_number(width, 4)}mmx{format_number(height, 4)}mm"


def _check_limits(what: str, lengths: Iterable[float], limits: tuple[float, float]) -> None:
    low, high = limits
    for length in lengths:
        if not low <= length <= high:
            raise SettingError(
                f"{what}: {format_number(length)} mm is out of range; a side has {low:.0f} to {high:.0f} mm"
            )


def _is_size(key: str) -> bool:
    return key.lstrip(".")[:1].isdigit()


def _key(text: str) -> str:
    return text.strip().lower().replace("-", "_").replace(" ", "_")


def _list(names: Iterable[str]) -> str:
    return ", ".join(names)
