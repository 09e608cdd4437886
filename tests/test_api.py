"""The API: uploads in, a PDF out, and how it came about."""

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pypdfium2
import pytest
from starlette.testclient import TestClient

from cardmaker.cache import Answer, Blob, Outcome, Tier
from cardmaker.settings import Settings
from cardmaker.workbench import Workbench
from tests import art
from tests.over_http import BLUE, RED, Files, client_of, front, multipart


@pytest.fixture
def client() -> Iterator[TestClient]:
    with client_of(Workbench()) as client:
        yield client


def colours(pdf: bytes, paper: str = "letter") -> list[art.Colour]:
    """Of the cards in the first slots."""
    page = art.by_pdfium(pdf, dpi=72)
    sheet = art.request(art.deck_of([art.solid(art.RED)]), paper=paper).sheet
    return [art.on_card(page, 72, slot.trim, 0.5, 0.5) for slot in sheet.slots[:2]]


def test_a_deck_comes_back_as_the_same_pdf_that_the_core_makes(client: TestClient) -> None:
    artwork = art.deck_of([RED, BLUE], back=BLUE)
    files: Files = [front("b.png", RED), front("a.png", BLUE), ("back", ("x.png", BLUE, "image/png"))]

    answer = client.post("/render", files=files, data={"settings": json.dumps({"paper": "a4", "crop": "1mm"})})

    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["x-cardmaker-pages"] == "2"
    assert answer.content == art.pdf(art.request(artwork, paper="a4", crop="1mm"), artwork)


def test_cards_stand_in_upload_order_unless_the_natural_one_is_wanted(client: TestClient) -> None:
    files: Files = [front("card10.png", RED), front("card2.png", BLUE)]

    as_sent = client.post("/render", files=files)
    natural = client.post("/render", files=files, data={"settings": '{"order": "natural"}'})

    assert colours(as_sent.content) == [art.RED, art.BLUE]
    assert colours(natural.content) == [art.BLUE, art.RED]


def test_own_backs_go_by_the_name_of_their_front(client: TestClient) -> None:
    files: Files = [front("elf.png", RED), front("orc.png", RED), ("backs", ("elf-back.png", BLUE, "image/png"))]

    answer = client.post("/render", files=files)

    document = pypdfium2.PdfDocument(answer.content)
    assert len(document) == 2


def test_the_answer_says_where_it_came_from(client: TestClient) -> None:
    files: Files = [front("a.png", RED)]

    answers = [client.post("/render", files=files) for _ in range(2)]

    assert [a.headers["x-cardmaker-cache"] for a in answers] == ["miss", "hit"]
    assert [a.headers["x-cardmaker-tier"] for a in answers] == ["memory", "memory"]
    assert "compute;dur=" in answers[0].headers["server-timing"]
    assert answers[0].content == answers[1].content


def test_with_the_cache_turned_off_every_answer_is_a_bypass() -> None:
    with client_of(Workbench(Settings(cache=False))) as client:
        answers = [client.post("/render", files=[front("a.png", RED)]) for _ in range(2)]

    assert [a.headers["x-cardmaker-cache"] for a in answers] == ["bypass", "bypass"]
    assert [a.headers["x-cardmaker-tier"] for a in answers] == ["none", "none"]


@pytest.mark.parametrize(
    ("files", "settings", "code", "words"),
    [
        ([front("a.png", b"no image")], "{}", "image", '"a.png"'),
        ([front("a.png", RED[:-30])], "{}", "image", "truncated"),
        ([front("a.png", RED)], '{"paper": "b9"}', "setting", "choose letter"),
        ([front("a.png", RED)], '{"colour": "red"}', "setting", "colour"),
        ([front("a.png", RED)], "[1]", "setting", "JSON object"),
        ([front("a.png", RED)], "{", "setting", "JSON object"),
        ([front("a.png", RED)], '{"order": "odd"}', "setting", "order"),
        ([front("a.png", RED)], '{"card": "500mmx500mm"}', "layout", "does not fit"),
        ([("back", ("a.png", RED, "image/png"))], "{}", "deck", "front"),
        ([front("a.png", RED), ("sides", ("b.png", RED, "image/png"))], "{}", "deck", "sides"),
        ([front("a.png", RED), *[("back", ("b.png", RED, "image/png"))] * 2], "{}", "deck", "one common back"),
    ],
)
def test_bad_input_is_refused_with_a_code_and_a_sentence(
    client: TestClient, files: Files, settings: str, code: str, words: str
) -> None:
    answer = client.post("/render", files=files, data={"settings": settings})

    assert answer.status_code == 422
    error = answer.json()["error"]
    assert error["code"] == code
    assert words in error["message"]
    assert "\n" not in error["message"]


def test_a_refused_image_is_named(client: TestClient) -> None:
    answer = client.post("/render", files=[front("Sol Ring.png", b"")])

    assert answer.json()["error"]["card"] == "Sol Ring.png"


def test_what_is_no_form_is_refused(client: TestClient) -> None:
    for content, kind in (
        (b"x", "application/json"),
        (b"", "multipart/form-data"),
        (b"--x", "multipart/form-data; boundary=y"),
    ):
        answer = client.post("/render", content=content, headers={"content-type": kind})

        assert answer.status_code == 422
        assert answer.json()["error"]["code"] == "deck"


def test_a_deck_of_1040_cards_is_let_through(client: TestClient) -> None:
    files: Files = [front(f"{i}.png", art.encoded(art.solid((i % 256, i // 256, 9), (4, 6)))) for i in range(1040)]

    answer = client.post("/render", files=files)

    assert answer.status_code == 200
    assert answer.headers["x-cardmaker-pages"] == "130"


def test_health_is_ok_without_any_redis(client: TestClient) -> None:
    health = client.get("/health").json()

    assert health["status"] == "ok"
    assert health["reasons"] == []
    assert health["cache"]["tier"] == "memory"
    assert health["redis"] == {"configured": False, "state": "closed"}


def test_health_is_degraded_when_the_redis_that_was_set_up_does_not_answer() -> None:
    with client_of(Workbench(Settings(redis_url="redis://:s3cret@localhost:1"))) as client:
        health = client.get("/health").json()
        answer = client.post("/render", files=[front("a.png", RED)])

    assert health["status"] == "degraded"
    assert health["reasons"] == ["Redis does not answer"]
    assert "s3cret" not in json.dumps(health)
    assert answer.status_code == 200
    assert answer.headers["x-cardmaker-tier"] == "memory"


def test_an_upload_that_ends_early_is_refused_and_never_a_smaller_deck(client: TestClient) -> None:
    whole = multipart([front(f"{i}.png", RED) for i in range(9)])
    headers = {"content-type": "multipart/form-data; boundary=b"}

    assert client.post("/render", content=whole, headers=headers).headers["x-cardmaker-pages"] == "2"
    for missing in (5, 40, len(whole) // 2):
        answer = client.post("/render", content=whole[:-missing], headers=headers)
        assert answer.status_code == 422
        assert answer.json()["error"]["code"] == "deck"


def test_a_body_without_a_length_is_counted_while_it_comes() -> None:
    whole = multipart([front("a.png", b"x" * 5000)])
    headers = {"content-type": "multipart/form-data; boundary=b"}

    with client_of(Workbench(Settings(body_bytes=1000))) as client:
        answer = client.post("/render", content=iter([whole[:900], whole[900:]]), headers=headers)

    assert answer.status_code == 413
    assert answer.json()["error"]["code"] == "too-large"


def test_every_error_has_the_same_form(client: TestClient) -> None:
    for answer in (client.get("/render"), client.get("/nothing")):
        assert set(answer.json()) == {"error"}
        assert set(answer.json()["error"]) == {"code", "message"}


def test_a_probe_does_not_wait_for_renders() -> None:
    release, bench = threading.Event(), Workbench()
    started = threading.Semaphore(0)

    def slow(*_: object) -> Answer:
        started.release()
        assert release.wait(30)
        return Answer(Blob((b"x",)), Outcome.MISS, Tier.MEMORY, {})

    bench.document = slow  # type: ignore[method-assign, assignment]
    with client_of(bench) as client, ThreadPoolExecutor(50) as pool:
        answers = [pool.submit(client.post, "/render", files=[front(f"{i}.png", RED)]) for i in range(30)]
        for _ in range(8):
            assert started.acquire(timeout=30)

        assert pool.submit(client.get, "/health").result(20).status_code == 200

        release.set()
        assert {answer.result(30).status_code for answer in answers} == {200}
