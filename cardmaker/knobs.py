"""The knobs by name: what the command line, the pages and the API call the same, and how their values are read.

A settings mapping holds texts as a person writes them (`{"paper": "a4", "crop": "3mm", "skip": "4,5"}`); where a
value has a natural JSON type that is taken too (`"skip": [4, 5]`, `"outline": true`). What is not named keeps its
default. Names that are no knob are refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, TypeVar

from cardmaker import catalog, sheet
from cardmaker.deck import Changes, Deck, FrontNames
from cardmaker.errors import LayoutError, SettingError, one_line
from cardmaker.sheet import MarkKind, Orientation, Sheet, SheetOptions, Variant
from cardmaker.spec import ArtworkPlan, ArtworkSettings, Fit, Flip, MarksOn, PrintSettings, RenderRequest, Turn
from cardmaker.units import parse_length

Settings = Mapping[str, object]
AUTO = "auto"
_LENGTHS = ("crop", "extend_edges", "fill_corners", "bleed", "outer_bleed")
E = TypeVar("E", bound=StrEnum)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Knob:
    """`metavar` is what stands for the value in a help text; empty for one that is on or off.
    `choices` are the values of one that has a fixed set."""

    name: str
    help: str
    metavar: str = ""
    choices: tuple[str, ...] = ()


SHEET_KNOBS = (
    Knob("layout", "the layout id that stands on a label, a cut file or a settings card; says all of the below", "ID"),
    Knob("paper", "paper: a name or a size with units, such as 300mmx200mm (default: letter)", "NAME|WxH"),
    Knob("card", "card: a name, a size such as 70mmx120mm, or 25mm_circle (default: standard)", "NAME|WxH"),
    Knob("variant", "borderless puts the marks 3.5 mm from the edge", "VARIANT", tuple(Variant)),
    Knob("specialty", "a sheet with a fixed grid, such as letter-commander; sets paper and card", "NAME"),
    Knob(
        "marks",
        "registration marks: three for every machine, four for Cameo 5 Alpha",
        "KIND",
        tuple(MarkKind),
    ),
    Knob("inset", "page edge to the marks' lines, 10 to 86.36 mm (default: 10mm)", "LENGTH"),
    Knob("thickness", "stroke of the marks, 0.5 to 1 mm (default: 1mm)", "LENGTH"),
    Knob("mark_length", "arms of the marks, 5 to 20 mm (default: as the layout recommends)", "LENGTH"),
    Knob("corner_radius", "corner of the cut path (default: the card's own)", "LENGTH"),
    Knob(
        "registration_orientation",
        "how the page lies in the machine (default: as printed)",
        "ORIENTATION",
        tuple(Orientation),
    ),
)
ARTWORK_KNOBS = (
    Knob("fit", "how an image takes the card's shape (default: stretch)", "FIT", tuple(Fit)),
    Knob("rotate", "turn the images clockwise, by these degrees (default: 0)", "DEGREES", tuple(Turn)),
    Knob("source_bleed", "bleed that the images carry beyond the card; auto goes by their aspect", "LENGTH|auto"),
    Knob("crop", "take this much of the card off each edge", "LENGTH"),
    Knob("extend_edges", "cut a ring of this width off the card and fill it from the pixels inside", "LENGTH"),
    Knob("fill_corners", "radius of the images' own round corners, to be filled from the pixels inside", "LENGTH"),
    Knob("bleed", "ink beyond the cut line (default: half the gap between cards)", "LENGTH"),
    Knob("outer_bleed", "the same on the sheet's outer sides, clear of marks and label (default: no other)", "LENGTH"),
)
BACK_KNOBS = tuple(replace(k, name=f"back_{k.name}", help=f"{k.name}, for the common back") for k in ARTWORK_KNOBS)
BACKS_KNOBS = tuple(replace(k, name=f"backs_{k.name}", help=f"{k.name}, for own backs") for k in ARTWORK_KNOBS)
OVERRIDES = Knob("overrides", "artwork knobs of single cards, by the front's name", "NAME:KNOB=VALUE,...")
PRINT_KNOBS = (
    Knob("skip", "slots that stay empty, counted row by row from 0", "SLOT[,SLOT]"),
    Knob("label", "words for the label at the sheet's edge, beside sheet number and layout name", "TEXT"),
    Knob("no_label", "no label at all"),
    Knob("outline", "draw the cut path, for a test print"),
    Knob("marks_on", "which pages carry the marks (default: both)", "SIDE", tuple(MarksOn)),
    Knob("flip", "edge over which the printer turns the sheet (default: long)", "EDGE", tuple(Flip)),
    Knob("title", "the document's title", "TEXT"),
)
KNOBS = (*SHEET_KNOBS, *ARTWORK_KNOBS, *BACK_KNOBS, *BACKS_KNOBS, OVERRIDES, *PRINT_KNOBS)


def sheet_from(settings: Settings) -> Sheet:
    """The sheet that the settings name. SettingError or LayoutError says what is wrong."""
    _refuse_unknown(settings)
    layout = _text(settings, "layout")
    return _solved(settings) if layout is None else _named(layout, settings)


def artwork_from(settings: Settings) -> ArtworkPlan:
    """How images come onto their cards. What is not named for backs is as for all images."""
    _refuse_unknown(settings)
    fronts = replace(ArtworkSettings(), **_artwork(settings, ""))
    return ArtworkPlan(
        fronts, replace(fronts, **_artwork(settings, "back_")), replace(fronts, **_artwork(settings, "backs_"))
    )


def overridden(deck: Deck, settings: Settings) -> Deck:
    """The deck with the `overrides` on its cards: artwork knobs by a front's whole name, or where none is called just
    that by its file name or stem; those that begin with `back_` are for that card's back. DeckError for a name that
    no front has, SettingError for what is no such knob."""
    wanted = settings.get("overrides")
    if not isinstance(wanted, Mapping | None):
        raise SettingError('overrides: write them as {"NAME": {"crop": "2mm"}}')
    cards, names = list(deck.cards), FrontNames([card.name for card in deck.cards] if wanted else ())
    for name, changes in (wanted or {}).items():
        front, back = _changes(name, changes)
        for i in names.find(str(name), "override"):
            cards[i] = replace(
                cards[i],
                front_changes=_merged(cards[i].front_changes, front),
                back_changes=_merged(cards[i].back_changes, back),
            )
    return replace(deck, cards=tuple(cards))


def printing_from(settings: Settings) -> PrintSettings:
    """What happens around the cards."""
    _refuse_unknown(settings)
    label = settings.get("label")
    if not isinstance(label, str | bool | None):
        raise SettingError("label: write it as text, or false for none")
    return PrintSettings(
        skip=slots_from(settings.get("skip")),
        label=label is not False and not _flag(settings, "no_label"),
        label_text=label if isinstance(label, str) else "",
        outline=_flag(settings, "outline"),
        marks_on=_choice(settings, "marks_on", MarksOn) or MarksOn.BOTH,
        flip=_choice(settings, "flip", Flip) or Flip.LONG,
        title=_text(settings, "title") or "",
    )


def request_from(deck: Deck, settings: Settings) -> RenderRequest:
    """The whole request. Raises SettingError or LayoutError."""
    sheet, artwork, printing = sheet_from(settings), artwork_from(settings), printing_from(settings)
    return RenderRequest(overridden(deck, settings), sheet, artwork, printing)


def slots_from(value: object) -> frozenset[int]:
    """Slot numbers of `4`, `"4,5"`, `[4, 5]` or `["4", "5,6"]`; LayoutError for anything else."""
    if value is None:
        return frozenset()
    texts = value if isinstance(value, list | tuple | set | frozenset) else [value]
    slots: set[int] = set()
    for text in texts:
        for part in re.split(r"[,\s]+", str(text).strip()):
            if part and not re.fullmatch(r"[0-9]{1,6}", part):
                raise LayoutError(f'skip "{one_line(part)}" is not a slot number; write it like 4 or 4,5')
            slots.update({int(part)} if part else ())
    return frozenset(slots)


def _named(layout: str, settings: Settings) -> Sheet:
    given = (knob.name for knob in SHEET_KNOBS if settings.get(knob.name) not in (None, ""))
    others = ", ".join(name.replace("_", " ") for name in given if name != "layout")
    if others:
        raise SettingError(f"layout: an id says all about the sheet; leave {others} out")
    return sheet.named(layout)


def _solved(settings: Settings) -> Sheet:
    options = SheetOptions(
        paper=_read(settings, "paper", catalog.paper) or catalog.papers()["letter"],
        card=_read(settings, "card", catalog.card) or catalog.cards()["standard"],
        variant=_choice(settings, "variant", Variant) or Variant.DEFAULT,
        marks=_choice(settings, "marks", MarkKind) or MarkKind.THREE,
        inset_mm=_length(settings, "inset"),
        thickness_mm=_or(_length(settings, "thickness"), 1.0),
        length_mm=_length(settings, "mark_length"),
        corner_radius_mm=_length(settings, "corner_radius"),
        registration_orientation=_choice(settings, "registration_orientation", Orientation),
    )
    special = _text(settings, "specialty")
    if special is None:
        return sheet.solve(options)
    known = catalog.specialty(special)
    for name, asked, own in (
        ("paper", _text(settings, "paper") and options.paper, known.paper),
        ("card", _text(settings, "card") and options.card, known.card),
        ("variant", options.variant, Variant.DEFAULT),
    ):
        if asked and asked != own:
            raise SettingError(f"a specialty sheet brings its own {name}; leave {name} out")
    return sheet.specialty(special, options)


def _artwork(settings: Settings, whose: str) -> dict[str, Any]:
    """The artwork settings that are named, as values; the knobs' names begin with `whose`."""
    given: dict[str, Any] = {
        "fit": _choice(settings, f"{whose}fit", Fit),
        "rotate": _turn(settings, f"{whose}rotate"),
        **{f"{name}_mm": _length(settings, f"{whose}{name}") for name in _LENGTHS},
    }
    given = {name: value for name, value in given.items() if value is not None}
    source_bleed = settings.get(f"{whose}source_bleed")
    if isinstance(source_bleed, str) and source_bleed.strip().lower() == AUTO:
        return {**given, "source_bleed_mm": None}
    length = _length(settings, f"{whose}source_bleed")
    return given if length is None else {**given, "source_bleed_mm": length}


def _turn(settings: Settings, name: str) -> Turn | None:
    value = settings.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    return _choice({name: value}, name, Turn)


def _changes(name: object, given: object) -> tuple[dict[str, Any], dict[str, Any]]:
    """What an override changes on a card's front and on its back."""
    what = f'override for "{one_line(str(name))}"'
    if not isinstance(name, str) or not isinstance(given, Mapping):
        raise SettingError(f'{what}: write it as {{"NAME": {{"crop": "2mm"}}}}')
    known = {knob.name for knob in (*ARTWORK_KNOBS, *BACK_KNOBS)}
    for knob in given:
        if knob not in known:
            raise SettingError(f'{what}: there is no "{one_line(str(knob))}"; there are {", ".join(sorted(known))}')
    try:
        return _artwork(given, ""), _artwork(given, "back_")
    except SettingError as error:
        raise SettingError(f"{what}: {error}") from None


def _merged(before: Changes, after: Mapping[str, Any]) -> Changes:
    return tuple(sorted({**dict(before), **after}.items()))


def _refuse_unknown(settings: Settings) -> None:
    known = {knob.name for knob in KNOBS}
    for name in settings:
        if name not in known:
            raise SettingError(f'setting "{one_line(str(name))}" is unknown; there are {", ".join(sorted(known))}')


def _text(settings: Settings, name: str) -> str | None:
    value = settings.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise SettingError(f"{name.replace('_', ' ')}: write it as text")
    return value if value.strip() else None


def _read(settings: Settings, name: str, parse: Callable[[str], T]) -> T | None:
    text = _text(settings, name)
    return None if text is None else parse(text)


def _length(settings: Settings, name: str) -> float | None:
    value = settings.get(name)
    if isinstance(value, int | float):
        value = str(value)  # a bare number: parse_length says what it lacks
    what = name.replace("_", " ")
    return _read({name: value}, name, lambda text: parse_length(text, what))


def _choice(settings: Settings, name: str, kind: type[E]) -> E | None:
    def parse(text: str) -> E:
        try:
            return kind(text.strip().lower())
        except ValueError:
            raise SettingError(
                f'{name.replace("_", " ")} "{one_line(text)}" is unknown; choose {", ".join(kind)}'
            ) from None

    return _read(settings, name, parse)


def _flag(settings: Settings, name: str) -> bool:
    value = settings.get(name)
    if not isinstance(value, bool | None):
        raise SettingError(f"{name.replace('_', ' ')}: write true or false")
    return bool(value)


def _or(value: float | None, default: float) -> float:
    return default if value is None else value
