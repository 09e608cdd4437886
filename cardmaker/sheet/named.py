"""A layout's name -> the sheet."""

from __future__ import annotations

import re

from cardmaker import catalog
from cardmaker.catalog import CardSize, Paper
from cardmaker.errors import LayoutError, SettingError, one_line
from cardmaker.sheet.model import DEFAULT_THICKNESS_MM, OWN_PREFIX, Orientation, Sheet, SheetOptions, Variant
from cardmaker.sheet.naming import KIND_WORDS, RULES_VERSION
from cardmaker.sheet.solver import solve, specialty

_MOST_SHOWN = 100
_NUMBER = r"[0-9]{1,4}(?:\.[0-9]{1,4})?"
_SIZE = re.compile(rf"({_NUMBER})x({_NUMBER})")
_CIRCLE = re.compile(rf"c({_NUMBER})")
_PUBLISHED = re.compile(r"([a-z0-9_]+)-([a-z0-9_]+)(-borderless)?-v([0-9]{1,6})")
_OWN = re.compile(
    rf"""{OWN_PREFIX}(?P<rules>[0-9]{{1,6}})-(?P<paper>[a-z0-9_.]+)-(?P<card>[a-z0-9_.]+)(?P<borderless>-borderless)?
    (?:-(?P<kind>{"|".join(KIND_WORDS.values())}))?
    (?:-i(?P<inset>{_NUMBER}))?(?:-t(?P<thickness>{_NUMBER}))?(?:-l(?P<length>{_NUMBER}))?(?:-r(?P<radius>{_NUMBER}))?
    (?:-(?P<orientation>{"|".join(Orientation)}))?""",
    re.VERBOSE,
)


def named(layout_name: str) -> Sheet:
    """The sheet of a published template's name or of one of our own, as a label, a cut file or a settings card
    shows it. Raises LayoutError for a name that stands for none, or whose geometry this version does not know."""
    text = layout_name.strip().lower()
    try:
        if match := _PUBLISHED.fullmatch(text):
            return _published(match)
        if match := _OWN.fullmatch(text):
            return _own(match)
    except SettingError as error:
        raise LayoutError(f'layout "{text}": {error}') from error
    raise _unknown(layout_name, "is no layout id; copy it from a sheet's label, a cut file or a settings card")


def _published(match: re.Match[str]) -> Sheet:
    paper, card, borderless, version = match.groups()
    known = catalog.template_version(paper, card, borderless=bool(borderless))
    if known is None:
        raise _unknown(match[0], "is no published template that we know; choose paper and card instead")
    if int(version) != known:
        raise _unknown(match[0], f"is not the current version, v{known}, and the geometry of others is not known")
    return solve(SheetOptions(catalog.papers()[paper], catalog.cards()[card], _variant(borderless)))


def _own(match: re.Match[str]) -> Sheet:
    rules, given = int(match["rules"]), match.groupdict()
    if rules != RULES_VERSION:
        raise _unknown(match[0], f"comes from rules {rules}, and this version knows {RULES_VERSION} alone")
    special = catalog.specialties().get(f"{given['paper']}-{given['card']}")
    if special and given["borderless"]:
        raise _unknown(match[0], "is a specialty sheet, which has no borderless variant")
    kinds = {word: kind for kind, word in KIND_WORDS.items()}
    plain = SheetOptions(
        special.paper if special else _paper(match),
        special.card if special else _card(match),
        _variant(given["borderless"]),
        inset_mm=_mm(given["inset"]),
        thickness_mm=DEFAULT_THICKNESS_MM if given["thickness"] is None else float(given["thickness"]),
        length_mm=_mm(given["length"]),
        corner_radius_mm=_mm(given["radius"]),
        registration_orientation=Orientation(given["orientation"]) if given["orientation"] else None,
        **({"marks": kinds[given["kind"]]} if given["kind"] else {}),
    )
    return specialty(special.name, plain) if special else solve(plain)


def _paper(match: re.Match[str]) -> Paper:
    text = match["paper"]
    if text in catalog.papers():
        return catalog.papers()[text]
    if size := _SIZE.fullmatch(text):
        return catalog.paper(f"{size[1]}mmx{size[2]}mm")
    raise _unknown(match[0], f'names a paper that we do not know, "{text}"')


def _card(match: re.Match[str]) -> CardSize:
    text = match["card"]
    if text in catalog.cards():
        return catalog.cards()[text]
    if size := _SIZE.fullmatch(text):
        return catalog.card(f"{size[1]}mmx{size[2]}mm")
    if circle := _CIRCLE.fullmatch(text):
        return catalog.card(f"{circle[1]}mm_circle")
    raise _unknown(match[0], f'names a card that we do not know, "{text}"')


def _variant(borderless: str | None) -> Variant:
    return Variant.BORDERLESS if borderless else Variant.DEFAULT


def _mm(text: str | None) -> float | None:
    return None if text is None else float(text)


def _unknown(layout_name: str, why: str) -> LayoutError:
    return LayoutError(f'layout "{one_line(layout_name.strip())[:_MOST_SHOWN]}" {why}')
