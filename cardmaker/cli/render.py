"""`render`: the PDF of a deck."""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterable, Sequence
from typing import TextIO

from cardmaker import knobs
from cardmaker.cli.options import BAD_INPUT, DONE, Commands, add_group, path, settings_of
from cardmaker.cli.output import whole_file
from cardmaker.errors import SettingError, one_line
from cardmaker.finding import Finding, Severity, has_errors, summarised


def add(commands: Commands) -> None:
    parser = commands.add_parser(
        "render",
        allow_abbrev=False,
        help="make the PDF of a deck",
        description="Make the PDF of a deck. Without a back, only front pages are made.",
        epilog="Example: python -m cardmaker render --fronts cards --back back.png --paper a4 --out deck.pdf",
    )
    deck = parser.add_argument_group("deck")
    deck.add_argument("--fronts", metavar="DIR", type=path, required=True, help="folder of front images")
    deck.add_argument("--back", metavar="FILE", type=path, help="the common back")
    deck.add_argument("--backs", metavar="DIR", type=path, help="folder of own backs, named like their fronts")
    deck.add_argument(
        "--quantity",
        metavar="[NAME=]N",
        action="append",
        default=[],
        help="copies of each card, or of the one whose file has that name; repeatable",
    )
    _add_knobs(parser)
    output = parser.add_argument_group("output")
    output.add_argument("--out", metavar="FILE", type=path, help="the PDF; appears when it is whole")
    output.add_argument("--preflight", action="store_true", help="only look at the cards and say what is wrong")
    output.add_argument("--json", action="store_true", help="print what was made as JSON")
    output.add_argument("--quiet", action="store_true", help="print nothing but errors")
    parser.set_defaults(run=_run)


def _add_knobs(parser: argparse.ArgumentParser) -> None:
    add_group(parser, "sheet", knobs.SHEET_KNOBS)
    add_group(parser, "artwork", knobs.ARTWORK_KNOBS)
    add_group(parser, "artwork of the common back", knobs.BACK_KNOBS)
    backs = add_group(parser, "artwork of own backs, and of single cards", knobs.BACKS_KNOBS)
    backs.add_argument(
        "--override",
        dest=knobs.OVERRIDES.name,
        metavar=knobs.OVERRIDES.metavar,
        action="append",
        help=f"{knobs.OVERRIDES.help}, such as 'Sol Ring:crop=2mm,back_rotate=180'; repeatable",
    )
    add_group(parser, "print", knobs.PRINT_KNOBS)


def _run(arguments: argparse.Namespace) -> int:
    # Pillow, reportlab and the rest take a good part of a short run: not for --help, nor for a bad option.
    from cardmaker import deck, preflight, render, source

    if arguments.out is None and not arguments.preflight:
        raise SettingError("the following arguments are required: --out; see python -m cardmaker render --help")
    settings = settings_of(arguments)
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
    if arguments.preflight:
        found = preflight.check(request, artwork.images, progress=progress)
        return _show_preflight(found, arguments, clear=progress is not None)
    with whole_file(arguments.out) as sink:
        result = render.render(request, artwork.images, sink, progress=progress)
    if progress:
        print(file=sys.stderr)
    made = {
        "out": str(arguments.out),
        "pages": result.pages,
        "cards": len(artwork.deck),
        "bytes": result.size,
        "layout_name": sheet.layout_name,
        "findings": [finding.as_json() for finding in result.findings],
    }
    if arguments.json:
        print(json.dumps(made, indent=2))
    elif not arguments.quiet:
        _show_findings(result.findings, sys.stderr)
        print(
            f"{one_line(str(arguments.out))}: {made['cards']} cards on {result.pages} pages, {sheet.layout_name}, "
            f"{result.size / 1e6:.1f} MB. Print it at actual size."
        )
    return DONE


def _show_preflight(findings: Sequence[Finding], arguments: argparse.Namespace, *, clear: bool) -> int:
    """Findings on stdout. Bad input when one of them would stop the print; then errors show even when quiet."""
    if clear:
        print(file=sys.stderr)
    errors = [finding for finding in findings if finding.severity is Severity.ERROR]
    if arguments.json:
        print(json.dumps({"findings": [finding.as_json() for finding in findings]}, indent=2))
    elif arguments.quiet:
        _show_findings(errors, sys.stderr)
    else:
        _show_findings(findings, sys.stdout)
        counts = [sum(finding.severity is severity for finding in findings) for severity in Severity]
        print("{} errors, {} warnings, {} notes; nothing was made".format(*counts))
    return BAD_INPUT if has_errors(findings) else DONE


def _show_findings(findings: Iterable[Finding], stream: TextIO) -> None:
    for finding in summarised(findings):
        print(f"{finding.severity}: {one_line(finding.message)}", file=stream)


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


def _show_progress(fraction: float, doing: str) -> None:
    sys.stderr.write(f"\r\x1b[K{fraction:4.0%}  {doing}")
    sys.stderr.flush()
