"""The command line as a process of its own: exit codes, pipes, terminals, signals."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cardmaker.knobs import KNOBS, OVERRIDES, SHEET_KNOBS
from tests import images

ROOT = Path(__file__).parent.parent
posix_only = pytest.mark.skipif(os.name == "nt", reason="Windows has no pseudo-terminals")


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """A working folder with a deck of three in `cards/` and an empty `out/`."""
    images.fill(tmp_path / "cards", "a.png", "b.png", "c.png")
    (tmp_path / "out").mkdir()
    return tmp_path


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "cardmaker", *words]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", "COLUMNS": "100"}


def run(here: Path, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*words),
        cwd=here,
        env=environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


RENDER = ("render", "--fronts", "cards", "--out", "out/deck.pdf")


def test_a_deck_is_made_with_exit_code_0_and_no_progress_in_a_pipe(here: Path) -> None:
    done = run(here, *RENDER)

    assert (done.returncode, len(done.stdout.splitlines())) == (0, 1)
    assert {line.partition(": ")[0] for line in done.stderr.splitlines()} == {"warning"}
    assert (here / "out" / "deck.pdf").read_bytes().startswith(b"%PDF-")


def test_bad_input_ends_with_exit_code_2_and_one_line(here: Path) -> None:
    done = run(here, *RENDER, "--crop", "3")

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == 'cardmaker: crop "3" has no unit; write 3mm or 3in\n'
    assert list((here / "out").iterdir()) == []


def test_an_image_that_is_only_suspiciously_large_is_refused_in_one_line(here: Path) -> None:
    # Pillow warns about this size by itself, below the one that it refuses.
    (here / "cards" / "d.gif").write_bytes(images.gif_that_claims(10000, 10000))

    done = run(here, *RENDER)

    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith('cardmaker: "d.gif": has 10000 x 10000 pixels')
    assert len(done.stderr.splitlines()) == 1


def test_a_sheet_is_json_for_a_script(here: Path) -> None:
    done = run(here, "sheet", "--paper", "a4", "--json")

    assert (done.returncode, done.stderr) == (0, "")
    made = json.loads(done.stdout)
    assert made["page"] == {"width_mm": 297.0, "height_mm": 210.0, "orientation": "landscape"}
    assert (made["columns"], made["rows"], made["gap_mm"]) == (4, 2, 1.25)
    assert made["slots"][0].keys() == {"index", "row", "column", "x_mm", "y_mm", "width_mm", "height_mm"}
    assert made["marks"].keys() >= {"kind", "inset_mm", "thickness_mm", "length_mm"}
    assert made["layout_name"] == "a4-standard-v5"


def test_help_tells_of_every_command_and_every_option(here: Path) -> None:
    whole, of_render, of_sheet, of_cutfile = (
        run(here, *words, "--help") for words in ((), ("render",), ("sheet",), ("cutfile",))
    )

    assert [done.returncode for done in (whole, of_render, of_sheet, of_cutfile)] == [0, 0, 0, 0]
    for command in ("render ", "sheet ", "cutfile "):
        assert command in whole.stdout
    for knob in KNOBS:
        option = "--override " if knob is OVERRIDES else f"--{knob.name.replace('_', '-')} "
        assert option in of_render.stdout
        assert (option in of_sheet.stdout) == (knob in SHEET_KNOBS)
        assert (option in of_cutfile.stdout) == (knob in SHEET_KNOBS or knob.name in ("skip", "marks_on", "flip"))


def test_the_version_is_told(here: Path) -> None:
    done = run(here, "--version")

    assert (done.returncode, done.stdout[:10]) == (0, "cardmaker ")


@posix_only
@pytest.mark.parametrize("words", ["sheet", "sheet --json --specialty letter-commander", "--help", " ".join(RENDER)])
def test_a_reader_that_has_gone_gets_no_traceback(here: Path, words: str) -> None:
    reader, writer = os.pipe()
    os.close(reader)
    try:
        done = subprocess.run(
            command(*words.split()),
            cwd=here,
            env=environment(),
            stdout=writer,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    finally:
        os.close(writer)

    assert [line for line in done.stderr.splitlines() if not line.startswith(("note: ", "warning: "))] == []
    assert done.returncode in (0, 1)


def start_on_a_terminal(here: Path, *words: str) -> tuple[subprocess.Popen[bytes], int]:
    """The process, and what its terminal shows, to be read and closed."""
    screen, terminal = os.openpty()
    process = subprocess.Popen(
        command(*words),
        cwd=here,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=terminal,
    )
    os.close(terminal)
    return process, screen


def shown_on(screen: int) -> Iterator[bytes]:
    """What comes onto the screen, until the last one who writes there has ended."""
    try:
        while chunk := os.read(screen, 1024):
            yield chunk
    except OSError:
        return


def run_on_a_terminal(here: Path, *words: str) -> tuple[int, str]:
    process, screen = start_on_a_terminal(here, *words)
    text = b"".join(shown_on(screen)).decode()
    os.close(screen)
    return process.wait(60), text


@posix_only
def test_a_terminal_shows_progress_by_card_and_page(here: Path) -> None:
    code, text = run_on_a_terminal(here, *RENDER)

    assert code == 0
    steps = [step.split("\x1b[K")[-1].split() for step in text.split("\r") if "%" in step]
    assert [" ".join(words[1:]) for words in steps] == [
        "card 1 of 3",
        "card 2 of 3",
        "card 3 of 3",
        "page 1 of 1",
    ]
    assert [words[0] for words in steps] == ["25%", "50%", "75%", "100%"]


@posix_only
def test_a_quiet_run_shows_no_progress(here: Path) -> None:
    assert run_on_a_terminal(here, *RENDER, "--quiet") == (0, "")


@posix_only
def test_an_error_stands_alone_on_its_line_after_progress(here: Path) -> None:
    (here / "cards" / "z.png").write_bytes(b"")

    code, text = run_on_a_terminal(here, *RENDER)

    assert code == 2
    last = text.rstrip("\r\n").rpartition("\x1b[K")[2]
    assert last.startswith('cardmaker: "z.png": is empty')


@posix_only
@pytest.mark.slow
@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("old", [None, b"the deck of yesterday"], ids=["new", "existing"])
def test_an_interrupt_in_the_middle_leaves_nothing_half_written(here: Path, old: bytes | None, stop: int) -> None:
    output = here / "out" / "deck.pdf"
    if old:
        output.write_bytes(old)
    # So many pages that the terminal's buffer is full of progress, which nobody reads, long before the end.
    process, screen = start_on_a_terminal(here, *RENDER, "--card", "jumbo", "--quantity", "3333")

    os.read(screen, 16)
    half_written = [path for path in (here / "out").iterdir() if path != output]
    process.send_signal(stop)
    text = b"".join(shown_on(screen)).decode()
    os.close(screen)

    assert len(half_written) == 1
    assert process.wait(60) == 130
    assert "cardmaker: interrupted; nothing was written" in text
    assert {path: path.read_bytes() for path in (here / "out").iterdir()} == ({output: old} if old else {})


@posix_only
def test_an_output_that_is_a_link_replaces_what_it_points_to(here: Path) -> None:
    (here / "shelf").mkdir()
    (here / "out" / "deck.pdf").symlink_to(here / "shelf" / "deck.pdf")

    done = run(here, *RENDER)

    assert done.returncode == 0
    assert (here / "out" / "deck.pdf").is_symlink()
    assert (here / "shelf" / "deck.pdf").read_bytes().startswith(b"%PDF-")


@posix_only
def test_an_output_that_is_a_pipe_is_refused_and_stays(here: Path) -> None:
    os.mkfifo(here / "out" / "deck.pdf")

    done = run(here, *RENDER)

    assert (done.returncode, done.stdout) == (2, "")
    assert "is a device or a pipe" in done.stderr
    assert (here / "out" / "deck.pdf").is_fifo()


def test_a_shortened_option_is_refused(here: Path) -> None:
    done = run(here, *RENDER, "--pap", "a4")

    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)


@posix_only
def test_a_pipe_among_the_cards_is_named_and_not_waited_for(here: Path) -> None:
    os.mkfifo(here / "cards" / "p.png")

    done = run(here, *RENDER)

    assert (done.returncode, done.stdout) == (2, "")
    assert '"p.png": is no file' in done.stderr


@posix_only
@pytest.mark.parametrize("report", [(), ("--json",)], ids=["line", "json"])
def test_a_name_that_the_terminal_cannot_show_fails_no_finished_deck(here: Path, report: tuple[str, ...]) -> None:
    (here / "cards" / "a.png").rename(here / "cards" / "bad\udcff.png")
    words = ("render", "--fronts", "cards", "--out", "out/ö\udcff.pdf", *report)

    done = subprocess.run(
        command(*words), cwd=here, env={**environment(), "PYTHONIOENCODING": "ascii"}, capture_output=True, check=False
    )

    assert done.returncode == 0
    assert (here / "out" / "ö\udcff.pdf").exists()


@pytest.mark.parametrize("option", ["--fronts", "--out", "--back", "--backs"])
def test_an_empty_path_is_refused_and_not_taken_for_this_folder(here: Path, option: str) -> None:
    done = run(here, *RENDER, option, "")

    assert (done.returncode, len(done.stderr.splitlines())) == (2, 1)
    assert f"{option}: the path is empty" in done.stderr
