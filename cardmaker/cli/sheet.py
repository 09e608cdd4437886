"""`sheet`: where cards and marks lie."""

from __future__ import annotations

import argparse
import json

from cardmaker import knobs
from cardmaker.cli.options import DONE, Commands, add_group, settings_of


def add(commands: Commands) -> None:
    parser = commands.add_parser(
        "sheet",
        allow_abbrev=False,
        help="show where cards and marks lie",
        description="Show where cards and marks lie on a sheet.",
    )
    add_group(parser, "sheet", knobs.SHEET_KNOBS)
    parser.add_argument("--json", action="store_true", help="print the whole sheet as JSON, lengths in mm")
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    sheet = knobs.sheet_from(settings_of(arguments))
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
