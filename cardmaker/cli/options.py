"""Options that commands share, and how the parser speaks."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn, TypeAlias

from cardmaker import knobs
from cardmaker.errors import SettingError

DONE, BAD_INPUT = 0, 2
_NAMES = ("paper", "card", "specialty", "layout")
# What `add_subparsers` gives.
Commands: TypeAlias = "argparse._SubParsersAction[Parser]"


class Parser(argparse.ArgumentParser):
    """One line instead of a usage text, like every other bad input."""

    def error(self, message: str) -> NoReturn:
        raise SettingError(f"{message}; see {self.prog} --help")


def add_group(parser: argparse.ArgumentParser, title: str, members: Sequence[knobs.Knob]) -> None:
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


def settings_of(arguments: argparse.Namespace) -> knobs.Settings:
    given = {knob.name: _stripped(getattr(arguments, knob.name, None)) for knob in knobs.KNOBS}
    empty = next((name for name, value in given.items() if value == "" and name in _NAMES), None)
    if empty:  # a script's variable without a value must not cut another sheet
        raise SettingError(f"--{empty}: the value is empty")
    return {name: value for name, value in given.items() if value is not None}


def _stripped(value: object) -> object:
    return value.strip() if isinstance(value, str) else value


def path(text: str) -> Path:
    if not text.strip():
        raise argparse.ArgumentTypeError("the path is empty")
    return Path(text)
