"""A PDF that is moved: where its ink lies then, read back by another library, and what it refuses."""

import io
import json
import math
import random
import subprocess
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from PIL import Image
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas
from starlette.testclient import TestClient

from cardmaker.errors import Cancelled, DocumentError, SettingError
from cardmaker.offset import moved, offset_from
from cardmaker.workbench import Workbench
from tests import art
from tests.over_http import client_of

ROOT = Path(__file__).parent.parent
DPI = 144
PX_PER_MM = DPI / 25.4
WIDTH_MM, HEIGHT_MM = 100.0, 60.0
PT = 72 / 25.4


def paper(pages: int = 1, rotate: int = 0, at: tuple[float, float] = (0.0, 0.0)) -> bytes:
    """A small black square on each page, 70 mm from the left and 40 mm from the top as it is seen, unless `rotate`."""
    stream = io.BytesIO()
    canvas = Canvas(stream, pagesize=(WIDTH_MM * PT, HEIGHT_MM * PT), pageCompression=0)
    for _ in range(pages):
        canvas.rect(69 * PT, 19 * PT, 2 * PT, 2 * PT, stroke=0, fill=1)
        canvas.showPage()
    canvas.save()
    with pikepdf.open(io.BytesIO(stream.getvalue())) as pdf:
        for page in pdf.pages:
            page.Rotate = rotate
            if any(at):
                x, y = at
                page.MediaBox = [x, y, x + WIDTH_MM * PT, y + HEIGHT_MM * PT]
        out = io.BytesIO()
        pdf.save(out)
    return out.getvalue()


def ink_mm(pdf: bytes, page: int = 0, renderer: object = art.by_pdfium) -> tuple[float, float]:
    """The middle of what is dark, in millimetres from the page's top-left as it is seen."""
    raster: Image.Image = renderer(pdf, page, DPI)  # type: ignore[operator]
    box = raster.convert("L").point(lambda value: 255 if value < 128 else 0).getbbox()
    assert box is not None
    return (box[0] + box[2]) / 2 / PX_PER_MM, (box[1] + box[3]) / 2 / PX_PER_MM


def shifted(settings: dict[str, object], **kind: object) -> tuple[float, float]:
    before = paper(**kind)  # type: ignore[arg-type]
    after, _ = moved(before, offset_from(settings))
    (x0, y0), (x1, y1) = ink_mm(before), ink_mm(after)
    return x1 - x0, y1 - y0


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
def test_right_is_right_and_up_is_up_as_the_page_is_seen(rotate: int) -> None:
    x, y = shifted({"x": "5mm", "y": "3mm"}, rotate=rotate)

    assert (x, y) == pytest.approx((5, -3), abs=0.2)


@pytest.mark.parametrize("rotate", [0, 90, 180, 270])
def test_an_angle_turns_clockwise_about_the_middle_as_the_page_is_seen(rotate: int) -> None:
    before = paper(rotate=rotate)
    after, _ = moved(before, offset_from({"angle": 10}))
    middle = (WIDTH_MM / 2, HEIGHT_MM / 2) if rotate % 180 == 0 else (HEIGHT_MM / 2, WIDTH_MM / 2)
    (x0, y0), (x1, y1) = ink_mm(before), ink_mm(after)
    dx, dy, angle = x0 - middle[0], y0 - middle[1], math.radians(10)

    # y goes down here, so clockwise is this way round.
    wanted = (
        middle[0] + dx * math.cos(angle) - dy * math.sin(angle),
        middle[1] + dx * math.sin(angle) + dy * math.cos(angle),
    )
    assert (x1, y1) == pytest.approx(wanted, abs=0.3)


def test_a_scale_leaves_the_middle_where_it_is() -> None:
    x, y = shifted({"scale_x": 1.1, "scale_y": 0.9})

    assert (x, y) == pytest.approx((2, -1), abs=0.2)


def test_a_page_whose_box_begins_elsewhere_turns_about_its_own_middle() -> None:
    before = paper(at=(-30.0, 20.0))
    after, _ = moved(before, offset_from({"angle": 5}))
    (x0, y0), (x1, y1), angle = ink_mm(before), ink_mm(after), math.radians(5)
    dx, dy = x0 - WIDTH_MM / 2, y0 - HEIGHT_MM / 2

    turned = dx * math.cos(angle) - dy * math.sin(angle), dx * math.sin(angle) + dy * math.cos(angle)
    assert (x1 - WIDTH_MM / 2, y1 - HEIGHT_MM / 2) == pytest.approx(turned, abs=0.3)


def test_other_renderers_see_the_same() -> None:
    after, _ = moved(paper(), offset_from({"x": "5mm", "y": "3mm", "angle": 2}))

    assert ink_mm(after, renderer=art.by_poppler) == pytest.approx(ink_mm(after), abs=0.2)


@pytest.mark.parametrize(
    ("pages", "wanted"), [("all", [1, 2, 3, 4, 5]), ("odd", [1, 3, 5]), ("even", [2, 4]), ("2,4-5", [2, 4, 5])]
)
def test_the_pages_that_are_named_are_moved_and_no_other(pages: str, wanted: list[int]) -> None:
    before = paper(pages=5)
    after, count = moved(before, offset_from({"x": "10mm", "pages": pages}))

    assert count == 5
    assert [n + 1 for n in range(5) if ink_mm(after, n)[0] > ink_mm(before, n)[0] + 5] == wanted


def test_text_stays_text_and_images_keep_their_bytes() -> None:
    stream, picture = io.BytesIO(), io.BytesIO()
    Image.radial_gradient("L").convert("RGB").save(picture, "JPEG", quality=90)
    canvas = Canvas(stream, pagesize=(300, 200))
    canvas.drawString(50, 50, "the knight")
    canvas.drawImage(ImageReader(io.BytesIO(picture.getvalue())), 100, 100, 50, 50)
    canvas.save()

    after, _ = moved(stream.getvalue(), offset_from({"x": "1mm", "angle": 1}))

    def images(content: bytes) -> list[bytes]:
        with pikepdf.open(io.BytesIO(content)) as pdf:
            return [image.read_raw_bytes() for page in pdf.pages for image in page.get_images().values()]

    assert images(after) == images(stream.getvalue())
    assert len(images(after)) == 1
    assert "the knight" in "".join(art.texts(after))


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"x": "4"}, "no unit"),
        ({"x": 4}, "with its unit"),
        ({"y": "51mm"}, "out of range"),
        ({"angle": 11}, "-10 to 10"),
        ({"angle": float("nan")}, "-10 to 10"),
        ({"angle": True}, "-10 to 10"),
        ({"scale_x": 2}, "0.9 to 1.1"),
        ({"pages": "0"}, "numbers such as"),
        ({"pages": "4-2"}, "numbers such as"),
        ({"pages": ["2"]}, "numbers such as"),
        ({"shift": "1mm"}, "shift"),
    ],
)
def test_a_wrong_setting_names_itself(settings: dict[str, object], says: str) -> None:
    with pytest.raises(SettingError, match=says) as error:
        offset_from(settings)

    assert next(iter(settings)) in str(error.value)


def test_a_page_that_is_not_there_is_named() -> None:
    with pytest.raises(SettingError, match="beyond the last page, 2"):
        moved(paper(pages=2), offset_from({"pages": "2-3"}))


@pytest.mark.parametrize("content", [b"", b"no pdf", b"%PDF-1.7\n", paper()[:200]])
def test_what_is_no_pdf_is_refused(content: bytes) -> None:
    with pytest.raises(DocumentError, match="no PDF that can be read"):
        moved(content, offset_from({}))


def test_a_pdf_with_a_password_says_so() -> None:
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(paper())) as pdf:
        pdf.save(out, encryption=pikepdf.Encryption(owner="o", user="u"))

    with pytest.raises(DocumentError, match="wants a password"):
        moved(out.getvalue(), offset_from({}))


def test_a_blank_page_stays_blank_and_keeps_none_from_being_moved() -> None:
    with pikepdf.open(io.BytesIO(paper(pages=2))) as pdf:
        pdf.add_blank_page(page_size=(WIDTH_MM * PT, HEIGHT_MM * PT))
        pdf.save(stream := io.BytesIO())

    content, pages = moved(stream.getvalue(), offset_from({"x": "5mm"}))

    assert pages == 3
    assert ink_mm(content, 1)[0] == pytest.approx(ink_mm(paper(), 0)[0] + 5, abs=0.2)


# -- over HTTP, and on the command line --


def unfolding(mebibytes: int, times: int) -> bytes:
    """A PDF of a few kB with one page, whose content is that large so many times over."""
    pdf = pikepdf.new()
    page = pdf.add_blank_page()
    packed = zlib.compress(zlib.compress(b" " * (mebibytes << 20)))
    stream = pikepdf.Stream(pdf, b"")
    stream.write(packed, filter=pikepdf.Array([pikepdf.Name.FlateDecode, pikepdf.Name.FlateDecode]))
    page.obj.Contents = pikepdf.Array([pdf.make_indirect(stream)] * times)
    pdf.save(sink := io.BytesIO(), stream_decode_level=pikepdf.StreamDecodeLevel.none, compress_streams=False)
    return sink.getvalue()


def test_a_small_pdf_that_unfolds_to_gigabytes_ends_no_server(client: TestClient) -> None:
    bomb = unfolding(100, 40)
    assert len(bomb) < 10_000

    answer = client.post("/offset", files={"pdf": ("a.pdf", bomb)})

    assert answer.status_code == 422
    assert answer.json()["error"]["code"] == "document"
    assert "unfolds" in answer.json()["error"]["message"]
    assert client.post("/offset", files={"pdf": ("a.pdf", paper())}).status_code == 200


def test_a_pdf_larger_than_a_pipe_is_moved_over_http_too(client: TestClient) -> None:
    with pikepdf.open(io.BytesIO(paper())) as pdf:
        pdf.Root.Padding = pikepdf.Stream(pdf, random.Random(1).randbytes(4 << 20))
        pdf.save(stream := io.BytesIO())

    answer = client.post("/offset", files={"pdf": ("a.pdf", stream.getvalue())})

    assert answer.status_code == 200
    assert len(answer.content) > 4 << 20


def test_a_move_that_nobody_waits_for_is_given_up() -> None:
    with pytest.raises(Cancelled):
        Workbench().moved(paper(), {}, lambda: True)


@pytest.fixture
def client() -> Iterator[TestClient]:
    with client_of(Workbench()) as client:
        yield client


def test_the_route_gives_the_pdf_moved(client: TestClient) -> None:
    files: dict[str, Any] = {
        "pdf": ("deck.pdf", paper(pages=2)),
        "settings": (None, json.dumps({"x": "5mm", "pages": "even"})),
    }

    answer = client.post("/offset", files=files)

    assert answer.status_code == 200
    assert (answer.headers["content-type"], answer.headers["x-cardmaker-pages"]) == ("application/pdf", "2")
    assert ink_mm(answer.content, 1)[0] == pytest.approx(ink_mm(answer.content, 0)[0] + 5, abs=0.2)


@pytest.mark.parametrize(
    ("files", "code", "says"),
    [
        ({"pdf": ("a.pdf", b"junk")}, "document", "no PDF that can be read"),
        ({"settings": (None, "{}")}, "document", "no PDF came"),
        ({"pdf": (None, "text")}, "document", "as a file"),
        ({"deck": ("a.pdf", paper())}, "document", "no part of a request"),
        ({"pdf": ("a.pdf", paper()), "settings": (None, '{"z": 1}')}, "setting", '"z"'),
        ({"pdf": ("a.pdf", paper()), "settings": (None, "[]")}, "setting", "JSON object"),
    ],
)
def test_the_route_says_what_is_wrong(client: TestClient, files: dict[str, Any], code: str, says: str) -> None:
    answer = client.post("/offset", files=files)

    assert answer.status_code == 422
    assert answer.json()["error"]["code"] == code
    assert says in answer.json()["error"]["message"]


def test_the_command_moves_a_file_and_names_what_it_cannot_read(tmp_path: Path) -> None:
    (tmp_path / "deck.pdf").write_bytes(paper(pages=2))

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "cardmaker", "offset", *arguments]
        return subprocess.run(
            command, check=False, cwd=Path(__file__).parent.parent, capture_output=True, text=True, timeout=60
        )

    out = tmp_path / "moved.pdf"
    done = run(str(tmp_path / "deck.pdf"), "--x", "5mm", "--y=-2mm", "--pages", "even", "--out", str(out))
    away = run(str(tmp_path / "none.pdf"), "--out", str(tmp_path / "no.pdf"))

    assert (done.returncode, done.stderr) == (0, "")
    x0, y0 = ink_mm(out.read_bytes(), 0)
    assert ink_mm(out.read_bytes(), 1) == pytest.approx((x0 + 5, y0 + 2), abs=0.2)
    assert (away.returncode, "none.pdf" in away.stderr, "Traceback" in away.stderr) == (2, True, False)
    assert not (tmp_path / "no.pdf").exists()
