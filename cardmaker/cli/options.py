"""Options that commands share, and how the parser speaks."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn, TypeAlias

from cardmaker import knobs
from cardmaker.errors import SettingError, one_line

DONE, BAD_INPUT = 0, 2
_NAMES = ("paper", "card", "specialty", "layout")
# What `add_subparsers` gives.
Commands: TypeAlias = "argparse._SubParsersAction[Parser]"


class Parser(argparse.ArgumentParser):
    """One line instead of a usage text, like every other bad input."""

    def error(self, message: str) -> NoReturn:
        raise SettingError(f"{message}; see {self.prog} --help")


def add_group(parser: argparse.ArgumentParser, title: str, members: Sequence[knobs.Knob]) -> argparse._ArgumentGroup:
    group = parser.add_argument_group(title)
    for knob in members:
        option = f"--{knob.name.replace('_', '-')}"
        if not knob.metavar:
            group.add_argument(option, action="store_true", default=None, help=knob.help)
            continue
        group.add_argument(
            option,
            action="append" if knob.name == "skip" else "store",
            metavar="|".join(knob.choices) or knob.metavar,
            help=knob.help,
        )
    return group


def settings_of(arguments: argparse.Namespace) -> knobs.Settings:
    given = {knob.name: _stripped(getattr(arguments, knob.name, None)) for knob in knobs.KNOBS}
    if texts := given[knobs.OVERRIDES.name]:
        given[knobs.OVERRIDES.name] = _overrides(texts)
    empty = next((name for name, value in given.items() if value == "" and name in _NAMES), None)
    if empty:  # a script's variable without a value must not cut another sheet
        raise SettingError(f"--{empty}: the value is empty")
    return {name: value for name, value in given.items() if value is not None}


def _overrides(texts: Any) -> dict[str, dict[str, str]]:
    """Card -> knob -> value; a later text adds to an earlier one of the same card."""
    overrides: dict[str, dict[str, str]] = {}
    for text in texts:
        name, _, changes = text.rpartition(":")
        pairs = [change.partition("=") for change in changes.split(",")]
        if not name or not all(knob and equals and value.strip() for knob, equals, value in pairs):
            raise SettingError(f'override "{one_line(text)}": write it like "Sol Ring:crop=2mm,fit=cover"')
        name = name.strip()
        changed = {knob.strip().replace("-", "_"): value for knob, _, value in pairs}
        overrides[name] = {**overrides.get(name, {}), **changed}
    return overrides


def _stripped(value: Any) -> Any:
    return value.strip() if isinstance(value, str) else value


def path(text: str) -> Path:
    if not text.strip():
        raise argparse.ArgumentTypeError("the path is empty")
    return Path(text)
