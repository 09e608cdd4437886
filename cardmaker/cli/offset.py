"""`offset`: an existing PDF, moved on its pages."""

from __future__ import annotations

import argparse

from cardmaker.cli.options import DONE, Commands, path
from cardmaker.cli.output import whole_file
from cardmaker.errors import DocumentError, one_line
from cardmaker.units import counted

_OPTIONS = (
    ("--x", "LENGTH", "move the ink right, as seen looking at the printed page (negative: left)"),
    ("--y", "LENGTH", "move it up (negative: down, --y=-0.2mm)"),
    ("--angle", "DEGREES", "turn it clockwise about the middle of the page"),
    ("--scale-x", "FACTOR", "stretch it sideways about the middle, such as 1.002"),
    ("--scale-y", "FACTOR", "stretch it upright"),
    ("--pages", "PAGES", "all, odd, even, or numbers such as 2,4-8 (default: all)"),
)


def add(commands: Commands) -> None:
    parser = commands.add_parser(
        "offset",
        allow_abbrev=False,
        help="move what is on the pages of an existing PDF",
        description="Correct a printer that puts ink beside its place. Text stays text, images are not touched.",
        epilog="Example: python -m cardmaker offset deck.pdf --x 0.4mm --y=-0.2mm --pages even --out moved.pdf",
    )
    parser.add_argument("pdf", metavar="PDF", type=path, help="the PDF to move")
    for name, metavar, words in _OPTIONS:
        parser.add_argument(name, metavar=metavar, help=words)
    parser.add_argument("--out", metavar="FILE", type=path, required=True, help="the PDF to write")
    parser.add_argument("--quiet", action="store_true", help="print nothing but errors")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from cardmaker import offset  # not for --help

    named = {name: getattr(arguments, name) for name in offset.NAMES}
    wanted = offset.offset_from({name: value for name, value in named.items() if value is not None})
    try:
        pdf = arguments.pdf.read_bytes()
    except OSError as error:
        raise DocumentError(f'"{one_line(str(arguments.pdf))}" cannot be read ({error.strerror})') from error
    content, pages = offset.moved(pdf, wanted)
    with whole_file(arguments.out) as sink:
        sink.write(content)
    if not arguments.quiet:
        print(f"{one_line(str(arguments.out))}: {counted(pages, 'page')}.")
    return DONE
