"""`cutfile`: what the machine cuts, as DXF or SVG, and what to type into its software, as a PDF."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from cardmaker import knobs
from cardmaker.cli.options import DONE, Commands, add_group, path, settings_of
from cardmaker.cli.output import whole_file
from cardmaker.errors import OutputError, one_line

_ENDINGS = {".dxf": "cut file", ".svg": "cut file", ".pdf": "settings card"}
# Of what is printed around the cards, all that the machine's side has to know.
_KNOBS = tuple(knob for knob in knobs.PRINT_KNOBS if knob.name in ("skip", "marks_on", "flip"))


def add(commands: Commands) -> None:
    parser = commands.add_parser(
        "cutfile",
        allow_abbrev=False,
        help="make the cut file or the settings card of a sheet",
        description="Make the cut file of a sheet, or the card with the settings to type into Silhouette Studio.",
        epilog="Example: python -m cardmaker cutfile --paper a4 --card poker --skip 4 --out a4-poker.dxf",
    )
    add_group(parser, "sheet", knobs.SHEET_KNOBS)
    add_group(parser, "print", _KNOBS)
    output = parser.add_argument_group("output")
    output.add_argument(
        "--leave-out-skipped",
        action="store_true",
        help="do not cut skipped slots; the rest stays where it is (default: all slots are cut)",
    )
    output.add_argument(
        "--out", metavar="FILE", type=path, required=True, help="FILE.dxf, FILE.svg, or FILE.pdf for the settings card"
    )
    output.add_argument("--quiet", action="store_true", help="print nothing but errors")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    kind = _kind(arguments.out)
    from cardmaker import clearance, cutfile  # not for --help, nor for a bad ending

    settings = settings_of(arguments)
    request = cutfile.CutRequest(
        knobs.sheet_from(settings), knobs.printing_from(settings), leave_out=arguments.leave_out_skipped
    )
    make = {".dxf": cutfile.dxf, ".svg": cutfile.svg}.get(kind)
    skip = request.printing.skip
    content = make(request.sheet, skip, request.leave_out) if make else cutfile.settings_card(request)
    with whole_file(arguments.out) as sink:
        sink.write(content)
    if arguments.quiet:
        return DONE
    for finding in clearance.findings(request.sheet, request.printing):
        print(f"note: {one_line(finding.message)}", file=sys.stderr)
    cuts = len(request.sheet.slots) - (len(skip) if request.leave_out else 0)
    print(f"{one_line(str(arguments.out))}: {_ENDINGS[kind]} of {request.sheet.layout_name}, {cuts} cards.")
    return DONE


def _kind(out: Path) -> str:
    kind = out.suffix.lower()
    if kind not in _ENDINGS:
        raise OutputError(
            f'"{one_line(str(out))}" ends in none of .dxf and .svg (cut files) and .pdf (the settings card); '
            "name it with one of them"
        )
    return kind
