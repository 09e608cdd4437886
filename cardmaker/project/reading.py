"""A file into its project, whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, TypeGuard

from cardmaker import knobs, limits
from cardmaker.archive import unpack
from cardmaker.deck import MAX_COPIES, Card, Deck
from cardmaker.errors import ImageError, InputError, ProjectError, one_line
from cardmaker.limits import Limits
from cardmaker.project.contents import (
    BY_NAME,
    ENDING,
    FORMAT,
    INDEX,
    MOST_JSON_BYTES,
    NO_BACK,
    ORDERS,
    VERSION,
    Project,
    ProjectCard,
)
from cardmaker.source import BytesSource, ImageSource, hash_all, read_bytes
from cardmaker.spec import MAX_TEXT

_TOP = ("format", "version", "title", "order", "cards", "backs", "common_back", "settings")
_CARD = ("name", "image", "quantity", "back", "knobs", "upload")
_IMAGE = ("name", "image")
_CARD_KNOBS = {knob.name for knob in (*knobs.ARTWORK_KNOBS, *knobs.BACK_KNOBS)}
# The name of a ZIP's first entry stands behind this many bytes.
_HEADER, _HEADER_BYTES = b"PK\x03\x04", 30


def is_project(source: ImageSource) -> bool:
    """By its name, or, where that was changed, by what stands first in it."""
    if source.name.lower().endswith(ENDING):
        return True
    with source.open() as stream:
        head = stream.read(_HEADER_BYTES + len(INDEX))
    return head.startswith(_HEADER) and head[_HEADER_BYTES:] == INDEX.encode()


def read(source: ImageSource, limits: Limits = limits.DEFAULT) -> Project:
    """The project in that file. Raises ProjectError, naming the file, for one that is damaged, too large, of another
    version, or that says anything that cannot be so."""
    try:
        files = _files(source, limits)
        found = _parsed(files.pop(INDEX))
        _check_count(found, limits.images_per_deck)
        hash_all(files.values())  # each once, however many cards have it
        project = _project(found, files)
        _check_settings(project)
    except _Refused as error:
        raise ProjectError(source.name, str(error)) from error
    return project


class _Refused(Exception):
    """Why, in words for the user, and what to do."""


def _damaged(what: str) -> _Refused:
    return _Refused(f"{what}; save the project again, or mend its {INDEX}")


def _files(source: ImageSource, limits: Limits) -> dict[str, ImageSource]:
    """What is in the ZIP, by the names inside; `project.json` is among it."""
    try:
        unpacked = unpack(source, replace(limits, images_per_deck=limits.images_per_deck + 1))
    except ImageError as error:
        what, _, advice = error.reason.partition("; ")
        raise _Refused(f"{what}; {advice if 'at most' in advice else 'save the project again'}") from error
    files: dict[str, ImageSource] = {}
    for file in unpacked:
        if file.name in files:
            raise _damaged(f'holds "{one_line(file.name)}" twice')
        files[file.name] = file
    if INDEX not in files:
        raise _Refused(f"is no project: it holds no {INDEX}; drop a ZIP of images onto Front images instead")
    return files


def _parsed(source: ImageSource) -> dict[str, Any]:
    if source.size > MOST_JSON_BYTES:
        raise _damaged(f"has a {INDEX} of {source.size / 1e6:,.0f} MB, which no deck needs")
    try:
        found = json.loads(read_bytes(source).decode("utf-8-sig"), parse_constant=_refuse_constant)
        json.dumps(found, ensure_ascii=False).encode()  # refuses half characters, which neither page nor file can hold
    except (ValueError, RecursionError) as error:
        raise _damaged(f"has a {INDEX} that is no JSON in UTF-8") from error
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        raise _Refused(f"is no project: its {INDEX} is not Cardmaker's; choose a file that 'Save project' made")
    version = found.get("version")
    if not _is_whole(version) or version != VERSION:
        raise _Refused(
            f"is a project of format {_shown(version)}, and this Cardmaker opens format {VERSION}; "
            "open it with the version that saved it"
        )
    return found


def _check_count(found: Mapping[str, Any], most: int) -> None:
    """Before anything is made of each."""
    lists = (found.get(name) for name in ("cards", "backs"))
    count = sum(len(each) for each in lists if isinstance(each, list)) + bool(found.get("common_back"))
    if count > most:
        raise _Refused(f"has {count:,} cards and backs; at most {most:,} go into a project")


def _refuse_constant(name: str) -> None:
    raise ValueError(name)


def _project(found: dict[str, Any], files: Mapping[str, ImageSource]) -> Project:
    used: set[str] = set()

    def image(value: Mapping[str, Any], where: str) -> ImageSource:
        entry, name = _text(value["image"], f"{where}: image"), _text(value["name"], f"{where}: name")
        if not name.strip():
            raise _damaged(f"{where}: name is empty")
        if entry not in files:
            raise _Refused(f'lacks "{one_line(entry)}", the image of {where}; save the project again')
        used.add(entry)
        return BytesSource(name, read_bytes(files[entry]), files[entry].digest)

    _require(found, _TOP, "the project")
    backs = tuple(image(value, where) for value, where in _numbered(found["backs"], "backs", "own back", _IMAGE))
    cards = tuple(
        _card(value, where, image(value, where), len(backs))
        for value, where in _numbered(found["cards"], "cards", "card", _CARD)
    )
    if sorted(card.upload for card in cards) != [*range(len(cards))]:
        raise _damaged(f"upload numbers its cards other than from 0 to {len(cards) - 1}, each once")
    common = found["common_back"]
    project = Project(
        cards,
        backs,
        None if common is None else image(_require(common, _IMAGE, "the common back"), "the common back"),
        _title(found["title"]),
        _one_of(found["order"], ORDERS, "order"),
        _require(found["settings"], None, "settings"),
    )
    if spare := sorted(files.keys() - used):
        raise _damaged(f'holds "{one_line(spare[0])}", of which its {INDEX} says nothing')
    return project


def _card(value: Mapping[str, Any], where: str, image: ImageSource, backs: int) -> ProjectCard:
    quantity, upload, back = value["quantity"], value["upload"], value["back"]
    if not _is_whole(quantity) or not 0 <= quantity <= MAX_COPIES:
        raise _damaged(f"{where}: quantity is {_shown(quantity)}, not a whole number from 0 to {MAX_COPIES:,}")
    if not _is_whole(upload):
        raise _damaged(f"{where}: upload is {_shown(upload)}, not a whole number")
    if _is_whole(back):
        if not 0 <= back < backs:
            raise _damaged(f"{where}: back is {_shown(back)}, and the project has {backs} own backs, counted from 0")
    elif back not in (BY_NAME, NO_BACK):
        raise _damaged(f'{where}: back is {_shown(back)}, not a number, "{BY_NAME}" or "{NO_BACK}"')
    return ProjectCard(image, quantity, back, _own_knobs(value["knobs"], where), upload)


def _own_knobs(value: object, where: str) -> dict[str, str]:
    own = {name: _text(text, f"{where}: {one_line(name)}") for name, text in _require(value, None, where).items()}
    for name in own:
        if name not in _CARD_KNOBS:
            raise _damaged(f'{where}: there is no "{one_line(name)}" among the settings of a card')
    try:
        knobs.artwork_from(own)
    except InputError as error:
        raise _damaged(f"{where}: {error}") from error
    return own


def _check_settings(project: Project) -> None:
    """That they make a sheet on which these cards can lie."""
    settings = project.said
    if "overrides" in settings:
        raise _damaged("settings: overrides stand with their cards, as knobs")
    cards = tuple(Card(card.image.digest, quantity=card.quantity) for card in project.cards)
    try:
        knobs.request_from(Deck(cards, project.common_back.digest if project.common_back else None), settings)
    except InputError as error:
        raise _damaged(f"settings: {error}") from error


def _numbered(values: object, where: str, what: str, names: Sequence[str]) -> list[tuple[dict[str, Any], str]]:
    """The objects of a list, each with what it is called in messages."""
    if not isinstance(values, list):
        raise _damaged(f"{where}: {_shown(values)} stands where a list should")
    called = ((value, f"{what} {number}") for number, value in enumerate(values, start=1))
    return [(_require(value, names, name), name) for value, name in called]


def _require(value: object, names: Sequence[str] | None, where: str) -> dict[str, Any]:
    """An object with exactly these names; with None, any."""
    if not isinstance(value, dict):
        raise _damaged(f"{where}: {_shown(value)} stands where names with values should")
    for name in names or ():
        if name not in value:
            raise _damaged(f'{where}: "{name}" is missing')
    for name in value if names else ():
        if name not in (names or ()):
            raise _damaged(f'{where}: "{one_line(name)}" is unknown')
    return value


def _text(value: object, where: str) -> str:
    if not isinstance(value, str):
        raise _damaged(f"{where}: {_shown(value)} stands where text should")
    return value


def _title(value: object) -> str:
    title = _text(value, "title")
    if len(title) > MAX_TEXT:
        raise _damaged(f"title: {len(title):,} characters are too many; there may be {MAX_TEXT}")
    return title


def _one_of(value: object, choices: Sequence[str], where: str) -> str:
    if not isinstance(value, str) or value not in choices:
        raise _damaged(f"{where}: {_shown(value)} is unknown; there are {', '.join(choices)}")
    return value


def _is_whole(value: object) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool)


def _shown(value: object) -> str:
    text = one_line(json.dumps(value, ensure_ascii=False, default=str))
    return text if len(text) <= 40 else f"{text[:37]}..."
