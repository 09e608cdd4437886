"""How much one may ask: of bytes, files, pixels, time, at once, and how often."""

import http.client
import json
import logging
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from cardmaker.cache import Answer, Blob, Outcome, Tier
from cardmaker.deck import Artwork
from cardmaker.settings import Settings
from cardmaker.spec import RenderRequest
from cardmaker.workbench import Watch, Workbench
from tests import art
from tests.over_http import RED, client_of, front, multipart, serving
from tests.redis_server import RedisServer
from tests.tools import until

FORM = {"Content-Type": "multipart/form-data; boundary=b"}
LONG_S = 30.0


class Held(Workbench):
    """Its renders wait until they are let go, or told to stop."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(settings)
        self.started, self.release, self.stopped = threading.Semaphore(0), threading.Event(), threading.Event()
        self.answer = Blob((b"%PDF",))

    def document(self, request: RenderRequest, artwork: Artwork, watch: Watch | None = None) -> Answer:  # noqa: ARG002
        self.started.release()
        while not self.release.wait(0.01):
            if watch and watch.cancelled and watch.cancelled():
                self.stopped.set()
                break
        return Answer(self.answer, Outcome.MISS, Tier.MEMORY, {})


def post(port: int, path: str, body: bytes) -> int:
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=LONG_S)
    client.request("POST", f"/api{path}", body, FORM)
    with client.getresponse() as answer:
        answer.read()
    client.close()
    return answer.status


def test_more_decks_at_once_than_there_are_places_are_told_to_come_again() -> None:
    bench = Held(Settings(renders_at_once=2))

    with client_of(bench) as client, ThreadPoolExecutor(2) as pool:
        first = [pool.submit(client.post, "/render", files=[front(f"{i}.png")]) for i in range(2)]
        for _ in first:
            assert bench.started.acquire(timeout=LONG_S)
        refused = client.post("/render", files=[front("3.png")])
        ready, live = client.get("/health/ready"), client.get("/health/live")
        bench.release.set()
        assert {answer.result(LONG_S).status_code for answer in first} == {200}

        assert refused.status_code == 429
        assert int(refused.headers["retry-after"]) >= 1
        assert refused.json()["error"]["code"] == "busy"
        assert (ready.status_code, live.status_code) == (503, 200)
        assert client.get("/health/ready").status_code == 200
        assert client.post("/render", files=[front("3.png")]).status_code == 200


def test_decks_that_fill_the_memory_together_are_told_to_come_again() -> None:
    large = front("a.png", RED + bytes(3000))
    bench = Held(Settings(uploads_bytes=5000))

    with client_of(bench) as client, ThreadPoolExecutor(1) as pool:
        first = pool.submit(client.post, "/render", files=[large])
        assert bench.started.acquire(timeout=LONG_S)
        refused = [client.post(path, files=[large]) for path in ("/render", "/tasks")]
        small = pool.submit(client.post, "/render", files=[front("b.png")])
        bench.release.set()

        assert {answer.result(LONG_S).status_code for answer in (first, small)} == {200}
        for each in refused:
            assert each.status_code == 429
            assert each.json()["error"]["code"] == "busy"
            assert int(each.headers["retry-after"]) >= 1
        for _ in range(3):
            assert client.post("/render", files=[large]).status_code == 200


def test_a_place_is_given_back_whatever_became_of_the_request() -> None:
    with client_of(Workbench(Settings(renders_at_once=1))) as client:
        for _ in range(3):
            assert client.post("/render", files=[front("a.png", b"broken")]).status_code == 422
            assert client.post("/render", content=b"no form").status_code == 422

        assert client.post("/render", files=[front("a.png")]).status_code == 200


def test_a_render_that_takes_too_long_is_given_up_and_stopped() -> None:
    bench = Held(Settings(request_s=0.2))

    with client_of(bench) as client:
        answer = client.post("/render", files=[front("a.png")])

    assert answer.status_code == 504
    assert answer.json()["error"]["code"] == "deadline"
    assert bench.stopped.wait(LONG_S)


def test_an_upload_that_takes_too_long_is_given_up() -> None:
    with serving(Workbench(Settings(request_s=0.3))) as port:
        slow = http.client.HTTPConnection("127.0.0.1", port, timeout=LONG_S)
        slow.putrequest("POST", "/api/render")
        for name, value in {**FORM, "Content-Length": "1000000"}.items():
            slow.putheader(name, value)
        slow.endheaders(b"--b\r\n")
        with slow.getresponse() as answer:
            assert answer.status == 504
        slow.close()


@pytest.mark.parametrize("path", ["/render", "/tasks", "/offset", "/cutfile"])
def test_a_client_that_stops_in_the_middle_of_its_request_is_let_go(path: str) -> None:
    with serving(Workbench(Settings(client_silent_s=0.3, renders_at_once=1))) as port:
        silent = http.client.HTTPConnection("127.0.0.1", port, timeout=LONG_S)
        silent.putrequest("POST", f"/api{path}")
        for name, value in {**FORM, "Content-Length": "1000000"}.items():
            silent.putheader(name, value)
        silent.endheaders(b"--b\r\n")
        with silent.getresponse() as answer:
            assert answer.status == 408
            assert json.load(answer)["error"]["code"] == "silent"
        assert post(port, "/render", multipart([front("a.png")])) == 200
        silent.close()


def test_a_client_that_sends_by_drops_is_let_go() -> None:
    """Each drop comes in time, and all of them would keep a place for as long as a request may take."""
    with serving(Workbench(Settings(client_silent_s=0.5))) as port, closing(socket.socket()) as slow:
        slow.connect(("127.0.0.1", port))
        head = (
            "POST /api/render HTTP/1.1",
            "Host: localhost",
            "Content-Length: 1000000",
            *map(": ".join, FORM.items()),
        )
        part = ("--b", 'Content-Disposition: form-data; name="fronts"; filename="a.png"', "", "")
        slow.sendall("\r\n".join([*head, "", *part]).encode())
        slow.settimeout(0.05)
        answer = b""

        def is_answered() -> bool:
            nonlocal answer
            try:
                answer = slow.recv(1000)
            except TimeoutError:
                slow.sendall(b"x")
            return bool(answer)

        until(is_answered, LONG_S, "the refusal")
        assert answer.startswith(b"HTTP/1.1 408 ")


def test_a_client_that_takes_nothing_of_its_answer_is_let_go(caplog: pytest.LogCaptureFixture) -> None:
    large = Blob((b"%PDF" * (8 << 20),))
    bench = Held(Settings(client_silent_s=0.3))
    bench.release.set()
    bench.answer = large
    whole = multipart([front("a.png")])

    with caplog.at_level(logging.INFO, "cardmaker.access"), serving(bench) as port, closing(socket.socket()) as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        deaf.connect(("127.0.0.1", port))
        head = ("POST /api/render HTTP/1.1", "Host: localhost", f"Content-Length: {len(whole)}")
        deaf.sendall("\r\n".join([*head, *map(": ".join, FORM.items()), "", ""]).encode() + whole)
        until(lambda: bool(caplog.records), LONG_S, "the end of the request")

    fields = caplog.records[0].__dict__["fields"]
    assert fields["status"] == 200
    assert fields["bytes_out"] < large.size
    assert "Traceback" not in caplog.text


@pytest.mark.parametrize("length", [None, "3000"])
def test_a_body_over_the_limit_is_refused_whether_it_says_so_or_not(length: str | None) -> None:
    whole = multipart([front("a.png", b"x" * 2900)])
    content = whole if length else iter([whole[:1000], whole[1000:]])

    with client_of(Workbench(Settings(body_bytes=2000))) as client:
        answer = client.post("/render", content=content, headers=FORM)

    assert answer.status_code == 413
    assert answer.json()["error"]["code"] == "too-large"


def test_a_client_that_is_still_sending_reads_why_it_is_refused() -> None:
    """Cut off in the middle of what it sends, it would see a broken connection."""
    megabytes = 20 << 20
    with serving(Workbench(Settings(body_bytes=1000))) as port:
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=LONG_S)
        for path, headers, status in (
            ("/api/render", FORM, 413),
            ("/api/cutfile", {}, 413),
            ("/api/nothing", {}, 404),
            ("/api/render", {**FORM, "Host": "evil.example"}, 403),
        ):
            client.request("POST", path, b"x" * megabytes, headers)
            answer = client.getresponse()
            assert answer.status == status
            assert b'"error"' in answer.read()
        client.close()


def test_files_and_pixels_have_limits() -> None:
    big = art.encoded(art.solid(art.RED, (30, 40)))
    with client_of(Workbench(Settings(request_files=2, image_pixels=1000))) as client:
        files = client.post("/render", files=[front(f"{i}.png") for i in range(3)])
        pixels = client.post("/render", files=[front("big.png", big)])
        long = client.post("/render", files=[front("a.png")], data={"settings": "x" * (2 << 20)})

    assert "too many files; it may have 2" in files.json()["error"]["message"]
    assert pixels.json()["error"]["card"] == "big.png"
    assert '"settings" is too long' in long.json()["error"]["message"]
    assert {each.status_code for each in (files, pixels, long)} == {422}


def test_an_upload_that_stops_half_way_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    bench = Workbench(Settings(renders_at_once=1))
    whole = multipart([front(f"{i}.png", RED + b"x" * 300_000) for i in range(9)])

    with serving(bench) as port:
        for at in (0, 100, len(whole) // 2, len(whole) - 10):
            client = http.client.HTTPConnection("127.0.0.1", port, timeout=LONG_S)
            client.putrequest("POST", "/api/render")
            for name, value in {**FORM, "Content-Length": str(len(whole))}.items():
                client.putheader(name, value)
            client.endheaders(whole[:at])
            client.close()

        def is_free() -> bool:
            other = http.client.HTTPConnection("127.0.0.1", port, timeout=LONG_S)
            other.request("GET", "/api/health/ready")
            with other.getresponse() as answer:
                answer.read()
            other.close()
            return answer.status == 200

        until(is_free, LONG_S, "the place's return")
    assert list(tmp_path.iterdir()) == []
    assert bench.cache.stats().entries == 0


# -- how often --


def test_nothing_is_counted_unless_it_is_wanted() -> None:
    with client_of(Workbench()) as client:
        assert {client.get("/layouts").status_code for _ in range(100)} == {200}


def test_each_client_has_a_rate_of_its_own_without_redis() -> None:
    bench = Workbench(Settings(rate_limit="3/hour"))
    counter = client_of(bench)
    answers = [counter.get("/layouts") for _ in range(4)]

    assert [each.status_code for each in answers] == [200, 200, 200, 429]
    assert answers[-1].json()["error"]["code"] == "rate"
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 3600
    assert client_of(bench, "127.0.0.2").get("/layouts").status_code == 200
    assert counter.get("/health/live").status_code == 200  # whoever starts and stops servers is not counted


def test_all_servers_on_a_redis_count_together(redis_server: RedisServer) -> None:
    settings = Settings(redis_url=redis_server.url, rate_limit="4/hour")
    servers = [client_of(Workbench(settings)) for _ in range(2)]

    statuses = [servers[i % 2].get("/layouts").status_code for i in range(6)]

    assert statuses == [200] * 4 + [429] * 2
    keys = [key.decode() for key in redis_server.client().scan_iter("cm:rate:*")]
    assert len(keys) == 1
    assert "127.0.0.1" not in keys[0]
    assert 0 < redis_server.client().ttl(keys[0]) <= 3600


def test_while_redis_is_away_memory_counts(redis_server: RedisServer) -> None:
    client = client_of(Workbench(Settings(redis_url=redis_server.url, rate_limit="2/hour")))
    assert client.get("/layouts").status_code == 200
    redis_server.kill()

    statuses = [client.get("/layouts").status_code for _ in range(3)]

    assert statuses == [200, 200, 429]


def test_a_window_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    now = time.time()
    client = client_of(Workbench(Settings(rate_limit="1/minute")))
    assert [client.get("/layouts").status_code for _ in range(2)] == [200, 429]

    monkeypatch.setattr("time.time", lambda: now + 61)

    assert client.get("/layouts").status_code == 200
