"""python -m cardmaker ...: the workbench for scripts.

Exit codes: 0 done, 2 bad input with one clear line on stderr, 1 a fault of ours, 130 interrupted.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import re
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NoReturn

import cardmaker
from cardmaker import knobs
from cardmaker.errors import CardmakerError, InputError, OutputError, SettingError, one_line

DONE, FAULT, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and gives its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a name may hold what the terminal cannot show
    try:
        arguments = _parser().parse_args(argv)
        run: int = arguments.run(arguments)
        return run
    except InputError as error:
        return _say(BAD_INPUT, str(error))
    except CardmakerError as error:
        return _say(FAULT, str(error))
    except KeyboardInterrupt:
        return _say(INTERRUPTED, "interrupted; nothing was written")
    except BrokenPipeError:
        # Whoever read our output has gone; nobody is left to tell, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAULT
    except Exception as error:  # the last door: a user gets a line, never a traceback
        if os.environ.get("CARDMAKER_DEBUG"):
            raise
        return _say(FAULT, f"{type(error).__name__}: {error}; a fault of ours, CARDMAKER_DEBUG=1 shows where")


class _Parser(argparse.ArgumentParser):
    """One line instead of a usage text, like every other bad input."""

    def error(self, message: str) -> NoReturn:
        raise SettingError(f"{message}; see {self.prog} --help")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="python -m cardmaker",
        allow_abbrev=False,  # a new knob must not change what a script's short form means
        description="Card images in, an exact print-ready PDF out.",
        epilog="Lengths carry a unit: 3mm, 0.125in. `COMMAND --help` lists a command's options.",
    )
    parser.add_argument("--version", action="version", version=f"cardmaker {cardmaker.__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_render(commands)
    _add_sheet(commands)
    return parser


def _add_render(commands: argparse._SubParsersAction[_Parser]) -> None:
    parser = commands.add_parser(
        "render",
        allow_abbrev=False,
        help="make the PDF of a deck",
        description="Make the PDF of a deck. Without a back, only front pages are made.",
        epilog="Example: python -m cardmaker render --fronts cards --back back.png --paper a4 --out deck.pdf",
    )
    deck = parser.add_argument_group("deck")
    deck.add_argument("--fronts", metavar="DIR", type=_path, required=True, help="folder of front images")
    deck.add_argument("--back", metavar="FILE", type=_path, help="the common back")
    deck.add_argument("--backs", metavar="DIR", type=_path, help="folder of own backs, named like their fronts")
    deck.add_argument(
        "--quantity",
        metavar="[NAME=]N",
        action="append",
        default=[],
        help="copies of each card, or of the one whose file has that name; repeatable",
    )
    _add_knobs(parser)
    output = parser.add_argument_group("output")
    output.add_argument("--out", metavar="FILE", type=_path, required=True, help="the PDF; appears when it is whole")
    output.add_argument("--json", action="store_true", help="print what was made as JSON")
    output.add_argument("--quiet", action="store_true", help="print nothing but errors")
    parser.set_defaults(run=_render)


def _add_sheet(commands: argparse._SubParsersAction[_Parser]) -> None:
    parser = commands.add_parser(
        "sheet",
        allow_abbrev=False,
        help="show where cards and marks lie",
        description="Show where cards and marks lie on a sheet.",
    )
    _add_group(parser, "sheet", knobs.SHEET_KNOBS)
    parser.add_argument("--json", action="store_true", help="print the whole sheet as JSON, lengths in mm")
    parser.set_defaults(run=_sheet)


def _add_knobs(parser: argparse.ArgumentParser) -> None:
    _add_group(parser, "sheet", knobs.SHEET_KNOBS)
    _add_group(parser, "artwork", knobs.ARTWORK_KNOBS)
    _add_group(parser, "artwork of the common back", knobs.BACK_KNOBS)
    backs = _add_group(parser, "artwork of own backs, and of single cards", knobs.BACKS_KNOBS)
    backs.add_argument(
        "--override",
        dest=knobs.OVERRIDES.name,
        metavar=knobs.OVERRIDES.metavar,
        action="append",
        help=f"{knobs.OVERRIDES.help}, such as 'Sol Ring:crop=2mm,back_rotate=180'; repeatable",
    )
    _add_group(parser, "print", knobs.PRINT_KNOBS)


def _add_group(parser: argparse.ArgumentParser, title: str, members: Sequence[knobs.Knob]) -> argparse._ArgumentGroup:
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


def _settings(arguments: argparse.Namespace) -> knobs.Settings:
    given = {knob.name: getattr(arguments, knob.name, None) for knob in knobs.KNOBS}
    if texts := given[knobs.OVERRIDES.name]:
        given[knobs.OVERRIDES.name] = _overrides(texts)
    return {name: value for name, value in given.items() if value is not None}


def _sheet(arguments: argparse.Namespace) -> int:
    sheet = knobs.sheet_from(_settings(arguments))
    if arguments.json:
        print(json.dumps(sheet.as_json(), indent=2))
        return DONE
    marks = sheet.marks
    print(f"{sheet.layout_name}: {sheet.columns} x {sheet.rows} = {len(sheet.slots)} cards, {sheet.orientation}")
    print(f"page   {sheet.width_mm:.2f} x {sheet.height_mm:.2f} mm")
    print(f"card   {sheet.card.width_mm:.2f} x {sheet.card.height_mm:.2f} mm, corner {sheet.corner_radius_mm:.2f} mm")
    print(
        f"marks  {marks.kind}, inset {marks.inset_mm:.2f}, thickness {marks.thickness_mm:.2f}, "
        f"length {marks.length_mm:.1f} mm"
    )
    for slot in sheet.slots:
        print(f"slot {slot.index:3}  x {slot.trim.x_mm:7.2f}  y {slot.trim.y_mm:7.2f} mm")
    return DONE


def _render(arguments: argparse.Namespace) -> int:
    # Pillow, reportlab and the rest take a good part of a short run: not for --help, nor for a bad option.
    from cardmaker import deck, render, source

    settings = _settings(arguments)
    sheet = knobs.sheet_from(settings)
    each, named = _quantities(arguments.quantity)
    artwork = deck.assemble(
        source.from_folder(arguments.fronts),
        source.FileSource(arguments.back) if arguments.back else None,
        source.from_folder(arguments.backs) if arguments.backs else (),
        named,
        each,
    )
    request = knobs.request_from(artwork.deck, settings)
    progress = _show_progress if sys.stderr.isatty() and not arguments.quiet else None
    with _whole_file(arguments.out) as sink:
        result = render.render(request, artwork.images, sink, progress=progress)
    if progress:
        print(file=sys.stderr)
    made = {
        "out": str(arguments.out),
        "pages": result.pages,
        "cards": len(artwork.deck),
        "bytes": result.size,
        "layout_name": sheet.layout_name,
        "findings": [{"code": finding.code, "message": finding.message} for finding in result.findings],
    }
    if arguments.json:
        print(json.dumps(made, indent=2))
    elif not arguments.quiet:
        for finding in result.findings:
            print(f"note: {one_line(finding.message)}", file=sys.stderr)
        print(
            f"{one_line(str(arguments.out))}: {made['cards']} cards on {result.pages} pages, {sheet.layout_name}, "
            f"{result.size / 1e6:.1f} MB. Print it at actual size."
        )
    return DONE


def _path(text: str) -> Path:
    if not text.strip():
        raise argparse.ArgumentTypeError("the path is empty")
    return Path(text)


def _overrides(texts: Sequence[str]) -> dict[str, dict[str, str]]:
    """Card -> knob -> value; a later text adds to an earlier one of the same card."""
    overrides: dict[str, dict[str, str]] = {}
    for text in texts:
        name, _, changes = text.rpartition(":")
        pairs = [change.partition("=") for change in changes.split(",")]
        if not name or not all(knob and equals and value.strip() for knob, equals, value in pairs):
            raise SettingError(f'override "{one_line(text)}": write it like "Sol Ring:crop=2mm,fit=cover"')
        changed = {knob.strip().replace("-", "_"): value for knob, _, value in pairs}
        overrides[name] = {**overrides.get(name, {}), **changed}
    return overrides


def _quantities(texts: Sequence[str]) -> tuple[int, dict[str, int]]:
    """The quantity of every card, and of those named."""
    each, named = 1, {}
    for text in texts:
        name, _, number = text.rpartition("=")
        if not re.fullmatch(r"[0-9]{1,6}", number):
            raise SettingError(f'quantity "{one_line(text)}" is no number from 0 up; write it like 3 or Forest=8')
        if name:
            named[name] = int(number)
        else:
            each = int(number)
    return each, named


@contextmanager
def _whole_file(path: Path) -> Iterator[BinaryIO]:
    """A file that appears under its name only when it is whole: written beside it, then renamed."""
    try:
        target = path.resolve()  # a link stays, what it points to is replaced
        if target.is_dir():
            raise OutputError(f'"{one_line(str(path))}" is a folder; name a file in it')
        if target.exists() and not target.is_file():
            raise OutputError(f'"{one_line(str(path))}" is a device or a pipe; name a file')
        handle, name = tempfile.mkstemp(prefix=f".{target.name[:40]}-", suffix=".part", dir=target.parent)
    except OSError as error:
        raise OutputError(f'"{one_line(str(path))}" cannot be written ({error.strerror})') from error
    part = Path(name)
    try:
        with os.fdopen(handle, "wb", buffering=1 << 18) as sink:
            yield sink
        part.chmod(0o666 & ~_umask())
        part.replace(target)
    except OSError as error:
        raise OutputError(f'"{one_line(str(path))}" cannot be written ({error.strerror})') from error
    finally:
        part.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _show_progress(fraction: float, doing: str) -> None:
    sys.stderr.write(f"\r\x1b[K{fraction:4.0%}  {doing}")
    sys.stderr.flush()


def _say(code: int, message: str) -> int:
    clear = "\r\x1b[K" if sys.stderr.isatty() else ""  # a progress line may stand there
    print(f"{clear}cardmaker: {one_line(message)}", file=sys.stderr)
    return code
