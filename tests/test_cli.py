"""The command line, called in this process; `tests/test_cli_process.py` starts it as its own."""

import errno
import io
import json
import os
import re
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple, NoReturn

import pypdfium2
import pytest

from cardmaker import cutfile, deck, knobs, render, source
from cardmaker.cli import main
from cardmaker.errors import RenderFault
from tests import images
from tests.test_knobs import READ


class Ran(NamedTuple):
    code: int
    out: str
    err: str


Run = Callable[..., Ran]
PNG, JPEG = images.encoded(9), images.encoded(9, "JPEG", (300, 420))


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*words: str) -> Ran:
        capsys.readouterr()
        code = main([*words])
        return Ran(code, *capsys.readouterr())

    return run


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder with a deck of two in `cards/` and an empty `out/`."""
    images.fill(tmp_path / "cards", "a.png", "b.png")
    (tmp_path / "out").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def all_files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def rendered(run: Run, *options: str) -> bytes:
    """The PDF of the deck with these options."""
    ran = run("render", "--fronts", "cards", "--out", "out/deck.pdf", "--quiet", *options)
    assert ran == (0, "", "")
    return Path("out/deck.pdf").read_bytes()


@dataclass(frozen=True)
class Bad:
    """Options that are refused, what there is to read beside the good deck, and what the message says."""

    options: str
    says: str
    files: dict[str, bytes] = field(default_factory=dict)


def broken(says: str, name: str, content: bytes) -> Bad:
    return Bad("", says, {f"cards/{name}": content})


BAD = {
    "no images": Bad("--fronts empty", r'no images in "empty"', {"empty/.DS_Store": b"x"}),
    "no such folder": Bad("--fronts nowhere", r'no folder "nowhere"'),
    "a file for a folder": Bad("--fronts cards/a.png", r'no folder "cards/a\.png"'),
    "a file that is no image": broken(r'"notes\.txt": is no image', "notes.txt", b"buy milk\n"),
    "a page named like an image": broken(r'"c\.png": is no image', "c.png", b"<!doctype html><html></html>"),
    "a truncated PNG": broken(r'"c\.png": is truncated', "c.png", PNG[:-20]),
    "a truncated JPEG": broken(r'"c\.jpg": is truncated', "c.jpg", JPEG[: len(JPEG) // 2]),
    "a damaged PNG": broken(r'"c\.png": is damaged', "c.png", PNG[:60] + bytes([PNG[60] ^ 1]) + PNG[61:]),
    "zero bytes": broken(r'"c\.png": is empty \(0 bytes\)', "c.png", b""),
    "30000 x 30000 pixels": broken(
        r'"c\.png": has 30000 x 30000 pixels', "c.png", images.png_that_claims(30000, 30000)
    ),
    "a name with a line break": broken(r"c\ufffdd\.png", "c\nd.png", b""),
    "a back without a front": Bad("--backs backs", r'back "z\.png" has no front of that name', {"backs/z.png": PNG}),
    "two backs of a front": Bad(
        "--backs backs", r'"a\.png" has two backs', {"backs/a.png": PNG, "backs/a-back.png": JPEG}
    ),
    "a broken back": Bad("--backs backs", r'"b\.png": is empty', {"backs/b.png": b""}),
    "no common back": Bad("--back nowhere.png", r'"nowhere\.png": cannot be read \(No such file'),
    "a folder for a back": Bad("--back cards", r'"cards": is no file; give an image file'),
    "a broken common back": Bad("--back x.png", r'"x\.png": is no image', {"x.png": b"?"}),
    "a card that fits no sheet": Bad("--card 900mmx900mm", r"900 x 900 mm card .* does not fit letter"),
    "a length without a unit": Bad("--crop 3", r'crop "3" has no unit; write 3mm or 3in'),
    "a size without units": Bad("--paper 300x200", r'paper: width "300" has no unit'),
    "an unknown paper": Bad("--paper foolscap", r'paper "foolscap" is unknown; choose letter'),
    "an unknown fit": Bad("--fit squeeze", r'fit "squeeze" is unknown; choose stretch, cover, contain'),
    "all slots skipped": Bad("--skip 0,1,2,3 --skip 7,6,5,4", r"all 8 slots are skipped"),
    "a slot that is not there": Bad("--skip 8", r"skip 8: this sheet has the slots 0 to 7"),
    "a slot that is no number": Bad("--skip four", r'skip "four" is not a slot number'),
    "a quantity that is no number": Bad("--quantity many", r'quantity "many" is no number from 0 up'),
    "a quantity below zero": Bad("--quantity=-1", r'quantity "-1" is no number from 0 up'),
    "a quantity for no card": Bad("--quantity Swamp=3", r'quantity for "Swamp": there is no front'),
    "a quantity beyond reason": Bad("--quantity " + "9" * 5000, r"quantity"),
    "no copies at all": Bad("--quantity 0", r"every quantity is 0; print at least one"),
    "too many cards": Bad("--quantity 5001", r"10002 cards are too many"),
    "an override for no card": Bad("--override Swamp:crop=2mm", r'override for "Swamp": there is no front'),
    "an override of no knob": Bad("--override a:paper=a4", r'override for "a": there is no "paper"; there are back_'),
    "an override of nothing": Bad("--override a", r'override "a": write it like "Sol Ring:crop=2mm,fit=cover"'),
    "an override without a value": Bad("--override a:crop=", r'override "a:crop=": write it like'),
    "an override without a unit": Bad("--override a:crop=2", r'override for "a": crop "2" has no unit'),
    "an override out of range": Bad("--override a:crop=40mm", r'override for "a\.png": crop: 40 mm is out of range'),
    "an unknown option": Bad("--colour red", r"unrecognized arguments: --colour red; see .* --help"),
    "an option without its value": Bad("--paper", r"--paper: expected one argument"),
    "a folder for an output": Bad("--out out", r'"out" is a folder; name a file in it'),
    "an output in no folder": Bad("--out nowhere/d.pdf", r'"nowhere/d\.pdf" cannot be written \(No such'),
    "an output below a file": Bad("--out cards/a.png/d.pdf", r'"cards/a\.png/d\.pdf" cannot be written'),
    "an output of a name too long": Bad(f"--out {'x' * 300}.pdf", r'x\.pdf" cannot be written'),
    "fronts of a name too long": Bad(f"--fronts {'x' * 300}", r'no folder "xxx|cannot be read'),
}


@pytest.mark.parametrize("old", [None, b"the deck of yesterday"], ids=["new", "existing"])
@pytest.mark.parametrize("what", BAD)
def test_bad_input_is_refused_in_one_line_and_leaves_every_file_as_it_was(
    run: Run, here: Path, what: str, old: bytes | None
) -> None:
    bad = BAD[what]
    for name, content in {**bad.files, **({"out/deck.pdf": old} if old else {})}.items():
        (here / name).parent.mkdir(exist_ok=True)
        (here / name).write_bytes(content)
    before = all_files(here)

    ran = run("render", "--fronts", "cards", "--out", "out/deck.pdf", *bad.options.split())

    assert (ran.code, ran.out) == (2, "")
    assert re.fullmatch(rf"cardmaker: .*({bad.says}).*\n", ran.err)
    assert all_files(here) == before


@pytest.mark.parametrize(
    ("words", "says"),
    [
        ("", "required: COMMAND"),
        ("rendr", "invalid choice: 'rendr'"),
        ("render --out out/deck.pdf", "required: --fronts"),
        ("render --fronts cards", "required: --out"),
        ("sheet --crop 3mm", "unrecognized arguments: --crop 3mm"),
        ("sheet --card 900mmx900mm", "does not fit letter"),
    ],
)
def test_a_command_that_is_not_right_is_refused_in_one_line(run: Run, words: str, says: str) -> None:
    ran = run(*words.split())

    assert (ran.code, ran.out) == (2, "")
    assert re.fullmatch(f"cardmaker: .*{re.escape(says)}.*\n", ran.err)


def test_words_from_outside_cannot_break_the_line(run: Run) -> None:
    ran = run("sheet", "--no\nsuch\x1b[2J")

    assert ran.code == 2
    assert ran.err[:-1].isprintable()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root writes everywhere")
@pytest.mark.parametrize("mode", [0o500, 0o000])
def test_a_folder_that_may_not_be_written_to_is_named(run: Run, here: Path, mode: int) -> None:
    (here / "out").chmod(mode)

    ran = run("render", "--fronts", "cards", "--out", "out/deck.pdf")

    (here / "out").chmod(0o700)
    assert (ran.code, ran.out) == (2, "")
    assert re.fullmatch(r'cardmaker: "out/deck\.pdf" cannot be written \(Permission denied\)\n', ran.err)


def test_a_deck_becomes_a_pdf_and_nothing_else(run: Run, here: Path) -> None:
    before = all_files(here)

    ran = run("render", "--fronts", "cards", "--out", "out/deck.pdf")

    made = all_files(here)
    pdf = made.pop("out/deck.pdf")
    assert ran.code == 0
    assert re.match(r"out/deck\.pdf: 2 cards on 1 page.*letter-standard-v6.*actual size", ran.out)
    assert len(pypdfium2.PdfDocument(pdf)) == 1
    assert made == before


def test_an_existing_output_is_replaced(run: Run, here: Path) -> None:
    (here / "out" / "deck.pdf").write_bytes(b"the deck of yesterday")

    assert rendered(run).startswith(b"%PDF-")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no umask")
def test_the_output_may_be_read_by_whom_the_umask_lets(run: Run, here: Path) -> None:
    old = os.umask(0o027)
    try:
        rendered(run)
    finally:
        os.umask(old)

    assert (here / "out" / "deck.pdf").stat().st_mode & 0o777 == 0o640


def test_two_runs_give_equal_bytes(run: Run) -> None:
    assert rendered(run) == rendered(run)


def test_slots_may_be_skipped_one_by_one_or_as_a_list(run: Run) -> None:
    assert rendered(run, "--skip", "1", "--skip", "5") == rendered(run, "--skip", "1,5")
    assert rendered(run, "--skip", "1") != rendered(run, "--skip", "1,5") != rendered(run)


@pytest.mark.parametrize("name", sorted(READ.keys() - {"overrides"}))
def test_every_knob_is_an_option(run: Run, name: str) -> None:
    value, _, _ = READ[name]
    option = f"--{name.replace('_', '-')}"
    cards = deck.assemble(source.from_folder(Path("cards")))
    wanted = io.BytesIO()
    render.render(knobs.request_from(cards.deck, {name: value}), cards.images, wanted)

    made = rendered(run, option) if value is True else rendered(run, option, str(value))

    assert made == wanted.getvalue()


def test_single_cards_have_artwork_knobs_of_their_own(run: Run) -> None:
    cards = deck.assemble(source.from_folder(Path("cards")))
    wanted = io.BytesIO()
    overrides = {"a": {"crop": "2mm", "fit": "cover", "bleed": "0.5mm"}, "b.png": {"rotate": "180"}}
    render.render(knobs.request_from(cards.deck, {"overrides": overrides}), cards.images, wanted)

    made = rendered(
        run, "--override", "a:crop=2mm, fit=cover", "--override", "B.png:rotate=180", "--override=a:bleed=0.5mm"
    )

    assert made == wanted.getvalue()


@pytest.mark.parametrize(
    ("options", "cards", "pages"),
    [
        ("--quantity 5", 10, 2),
        ("--quantity a=7", 8, 1),
        ("--quantity A.png=7 --quantity 2", 9, 2),
        ("--quantity a=0", 1, 1),
        ("--back cards/a.png", 2, 2),
        ("--back cards/a.png --quantity 9", 18, 6),
    ],
)
def test_a_script_is_told_what_was_made(run: Run, options: str, cards: int, pages: int) -> None:
    ran = run("render", "--fronts", "cards", "--out", "out/deck.pdf", "--json", *options.split())

    told, pdf = json.loads(ran.out), Path("out/deck.pdf")
    assert ran.code == 0
    assert (told["cards"], told["pages"], told["out"]) == (cards, pages, "out/deck.pdf")
    assert (told["bytes"], told["layout_name"]) == (pdf.stat().st_size, "letter-standard-v6")
    assert len(pypdfium2.PdfDocument(pdf.read_bytes())) == pages
    assert {finding["code"] for finding in told["findings"]} == {"mark-clearance", "low-ppi"}
    assert told["findings"][0].keys() == {"severity", "code", "message", "card", "value", "slots"}


def test_findings_are_told_by_severity_and_a_quiet_run_does_not_show_them(run: Run) -> None:
    told = run("render", "--fronts", "cards", "--out", "out/deck.pdf")
    quiet = run("render", "--fronts", "cards", "--out", "out/deck.pdf", "--quiet")

    assert re.match(r"warning: .*skip slot 4\nwarning: \"a\.png\" has 25 ppi", told.err)
    assert quiet == (0, "", "")


def test_preflight_tells_the_findings_and_makes_nothing(run: Run, here: Path) -> None:
    before = all_files(here)

    in_words = run("render", "--fronts", "cards", "--preflight")
    as_json = run("render", "--fronts", "cards", "--preflight", "--json", "--out", "out/deck.pdf")

    assert (in_words.code, in_words.err, as_json.code, as_json.err) == (0, "", 0, "")
    assert in_words.out.splitlines()[-1] == "0 errors, 3 warnings, 0 notes; nothing was made"
    first, *rest = json.loads(as_json.out)["findings"]
    assert (first["code"], first["slots"], first["severity"]) == ("mark-clearance", [4], "warning")
    assert [(told["code"], told["card"], told["value"]) for told in rest] == [
        ("low-ppi", "a.png", 25.4),
        ("low-ppi", "b.png", 25.4),
    ]
    assert all_files(here) == before


def test_preflight_names_every_broken_card_and_says_so_by_its_exit_code(run: Run, here: Path) -> None:
    images.fill(here / "cards", "c.png")
    for name in ("a.png", "c.png"):
        (here / "cards" / name).write_bytes(PNG[:-20] + name.encode())

    ran = run("render", "--fronts", "cards", "--preflight", "--json")
    quiet = run("render", "--fronts", "cards", "--preflight", "--quiet")

    errors = [told for told in json.loads(ran.out)["findings"] if told["severity"] == "error"]
    assert (ran.code, quiet.code) == (2, 2)
    assert [(told["code"], told["card"]) for told in errors] == [("image", "a.png"), ("image", "c.png")]
    assert quiet.out == ""
    assert re.fullmatch(r'error: "a\.png".*\nerror: "c\.png".*\n', quiet.err)


def test_what_is_said_of_many_cards_is_said_once(run: Run, here: Path) -> None:
    images.fill(here / "cards", *(f"{i}.png" for i in range(9)))

    ran = run("render", "--fronts", "cards", "--preflight")

    (told,) = [line for line in ran.out.splitlines() if "ppi" in line]
    assert told.startswith('warning: 11 images have less than 200 ppi at this size; give a larger image: "0.png", ')


def test_own_backs_come_from_their_folder(run: Run, here: Path) -> None:
    shutil.copytree(here / "cards", here / "backs")

    rendered(run, "--backs", "backs")

    assert len(pypdfium2.PdfDocument(here / "out" / "deck.pdf")) == 2


@pytest.mark.parametrize(
    "wanted",
    [
        {},
        {"paper": "a4", "card": "poker"},
        {"paper": "300mmx200mm", "card": "25mm_circle", "marks": "four"},
        {"specialty": "letter-commander"},
        {"variant": "borderless", "corner_radius": "2.5mm"},
    ],
)
def test_a_sheet_is_shown_as_json_and_in_words(run: Run, wanted: dict[str, str]) -> None:
    options = [word for name, value in wanted.items() for word in (f"--{name.replace('_', '-')}", value)]

    as_json, in_words = run("sheet", "--json", *options), run("sheet", *options)

    sheet = knobs.sheet_from(wanted)
    assert (as_json.code, as_json.err, in_words.code, in_words.err) == (0, "", 0, "")
    assert json.loads(as_json.out) == sheet.as_json()
    assert sheet.layout_name in in_words.out
    assert in_words.out.count("\nslot ") == len(sheet.slots)


CUTFILE = ("cutfile", "--paper", "a4", "--skip", "4", "--out")


@pytest.mark.parametrize(
    ("name", "start", "says"),
    [
        ("sheet.dxf", b"  0\nSECTION", "cut file of a4-standard-v5, 8 cards."),
        ("sheet.SVG", b"<?xml", "cut file of a4-standard-v5, 8 cards."),
        ("settings.pdf", b"%PDF-", "settings card of a4-standard-v5, 8 cards."),
    ],
)
def test_the_ending_says_what_a_cutfile_is(run: Run, here: Path, name: str, start: bytes, says: str) -> None:
    ran = run(*CUTFILE, f"out/{name}")

    assert ran == (0, f"out/{name}: {says}\n", "")
    assert (here / "out" / name).read_bytes().startswith(start)


def test_a_cutfile_is_what_the_sheet_of_these_options_gives(run: Run, here: Path) -> None:
    ran = run(*CUTFILE, "out/kept.dxf"), run(*CUTFILE, "out/left.dxf", "--leave-out-skipped", "--quiet")

    sheet, skip = knobs.sheet_from({"paper": "a4"}), frozenset({4})
    assert (here / "out" / "kept.dxf").read_bytes() == cutfile.dxf(sheet)
    assert (here / "out" / "left.dxf").read_bytes() == cutfile.dxf(sheet, skip, leave_out=True)
    assert ran[1] == (0, "", "")


def test_an_old_layout_is_cut_again_by_its_id(run: Run, here: Path) -> None:
    run("cutfile", "--card", "70mmx120mm", "--corner-radius", "4mm", "--out", "out/first.svg")
    layout = knobs.sheet_from({"card": "70mmx120mm", "corner_radius": "4mm"}).layout_name

    run("cutfile", "--layout", layout, "--out", "out/again.svg")

    assert layout == "cm1-letter-70x120-r4"
    assert (here / "out" / "again.svg").read_bytes() == (here / "out" / "first.svg").read_bytes()


def test_a_cutfile_notes_the_slot_to_skip(run: Run) -> None:
    assert re.fullmatch(r"note: .*skip slot 4\n", run("cutfile", "--out", "out/sheet.svg").err)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ("--out out/sheet.eps", r'"out/sheet\.eps" ends in none of \.dxf and \.svg \(cut files\) and \.pdf'),
        ("--out out/sheet", r'"out/sheet" ends in none of'),
        ("--out out/sheet.dxf.txt --paper foolscap", r"ends in none of"),
        ("--out out/.dxf", r'"out/\.dxf" ends in none of'),
        ("--out nowhere/sheet.dxf", r'"nowhere/sheet\.dxf" cannot be written'),
        ("--out out/sheet.dxf --card 900mmx900mm", r"900 x 900 mm card .* does not fit letter"),
        ("--out out/sheet.dxf --corner-radius 32mm", r"corner radius: 32 mm is out of range; it goes from 0 to 31\.5"),
        ("--out out/sheet.dxf --skip 8", r"skip 8: this sheet has the slots 0 to 7"),
        ("--out out/sheet.pdf --skip 0,1,2,3,4,5,6,7", r"all 8 slots are skipped"),
        ("--out out/sheet.dxf --layout letter-standard-v5", r"letter-standard-v5. is not the current version, v6"),
        ("--out out/sheet.dxf --layout letter-standard-v6 --paper a4", r"layout: an id says all .* leave paper out"),
        ("--out out/sheet.dxf --crop 3mm", r"unrecognized arguments: --crop 3mm"),
        ("--paper a4", r"required: --out"),
    ],
)
def test_a_cutfile_that_cannot_be_is_refused_in_one_line(run: Run, here: Path, options: str, says: str) -> None:
    before = all_files(here)

    ran = run("cutfile", *options.split())

    assert (ran.code, ran.out) == (2, "")
    assert re.fullmatch(f"cardmaker: .*{says}.*\n", ran.err)
    assert all_files(here) == before


def failing_with(error: BaseException) -> Callable[..., NoReturn]:
    """A render that writes something, then fails."""

    def fail(_request: object, _images: object, sink: io.BufferedWriter, **_: object) -> NoReturn:
        sink.write(b"%PDF-1.4 half")
        sink.flush()
        raise error

    return fail


@pytest.mark.parametrize(
    ("error", "code", "says"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), 2, r'"out/deck\.pdf" cannot be written \(No space'),
        (RenderFault("made 1 pages instead of 2"), 1, "made 1 pages instead of 2"),
        (ZeroDivisionError("oops"), 1, "ZeroDivisionError: oops; a fault of ours"),
        (MemoryError(), 1, "MemoryError"),
        (KeyboardInterrupt(), 130, "interrupted; nothing was written"),
    ],
)
def test_a_render_that_fails_half_way_leaves_nothing_behind(
    run: Run, here: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int, says: str
) -> None:
    (here / "out" / "deck.pdf").write_bytes(b"the deck of yesterday")
    before = all_files(here)
    monkeypatch.delenv("CARDMAKER_DEBUG", raising=False)
    monkeypatch.setattr(render, "render", failing_with(error))

    ran = run("render", "--fronts", "cards", "--out", "out/deck.pdf")

    assert (ran.code, ran.out) == (code, "")
    assert re.fullmatch(f"cardmaker: .*{says}.*\n", ran.err)
    assert all_files(here) == before


def test_a_fault_of_ours_shows_where_when_asked(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CARDMAKER_DEBUG", "1")
    monkeypatch.setattr(render, "render", failing_with(ZeroDivisionError()))

    with pytest.raises(ZeroDivisionError):
        run("render", "--fronts", "cards", "--out", "out/deck.pdf")


@pytest.mark.parametrize("option", ["--paper", "--card", "--layout", "--specialty"])
def test_an_empty_value_is_refused_where_it_would_mean_another_sheet(
    option: str, capsys: pytest.CaptureFixture[str]
) -> None:
    for value in ("", " "):
        assert main(["sheet", option, value]) == 2
        assert f"{option}: the value is empty" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights there")
def test_a_link_that_leads_back_to_itself_is_no_output(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    loop = tmp_path / "loop.dxf"
    loop.symlink_to(loop)

    assert main(["cutfile", "--out", str(loop)]) == 2
    assert "loop.dxf" in capsys.readouterr().err
