"""What each route gives, and how it refuses."""

import json
from collections.abc import Iterator

import pypdfium2
import pytest
from starlette.testclient import TestClient

from cardmaker import cutfile, knobs
from cardmaker.settings import Settings
from cardmaker.workbench import Workbench
from tests import art
from tests.over_http import BLUE, RED, client_of, front, settings
from tests.redis_server import RedisServer
from tests.tools import until

MARKUP = '<img src=x onerror=alert(1)>"&.png'


@pytest.fixture
def client() -> Iterator[TestClient]:
    with client_of(Workbench()) as client:
        yield client


# -- layouts and cut files --


def test_the_catalogue_names_what_settings_may_name(client: TestClient) -> None:
    found = client.get("/layouts").json()

    assert {"name": "letter", "width_mm": 279.4, "height_mm": 215.9} in found["papers"]
    assert found["variants"] == ["default", "borderless"]
    for card in found["cards"]:
        knobs.sheet_from({"card": card["name"], "paper": "arch_b"})
    for special in found["specialty"]:
        sheet = knobs.sheet_from({"specialty": special["name"]})
        assert len(sheet.slots) == special["columns"] * special["rows"]


def test_a_cut_file_is_the_same_as_the_command_lines(client: TestClient) -> None:
    sheet = knobs.sheet_from({"paper": "a4", "card": "poker"})
    asked = {"paper": "a4", "card": "poker", "skip": [4], "crop": "2mm"}

    dxf = client.post("/cutfile", json=asked)
    svg = client.post("/cutfile", json={**asked, "format": "svg", "leave_out_skipped": True})

    assert dxf.content == cutfile.dxf(sheet, frozenset({4}))
    assert dxf.headers["content-type"] == "image/vnd.dxf"
    assert dxf.headers["content-disposition"] == f'attachment; filename="{sheet.layout_name}.dxf"'
    assert svg.content == cutfile.svg(sheet, frozenset({4}), True)
    assert svg.headers["content-type"].startswith("image/svg+xml")


@pytest.mark.parametrize(
    ("asked", "code", "words"),
    [
        ({"paper": "b9"}, "setting", "choose letter"),
        ({"colour": "red"}, "setting", '"colour" is unknown'),
        ({"format": "exe"}, "setting", "format: choose dxf or svg"),
        ({"format": ["dxf"]}, "setting", "format: choose dxf or svg"),
        ({"leave_out_skipped": "yes"}, "setting", "leave_out_skipped: write true or false"),
        ({"crop": "wide"}, "setting", "crop"),
        ({"skip": [99]}, "layout", "99"),
        ([], "setting", "JSON object"),
        ("x", "setting", "JSON object"),
    ],
)
def test_a_wrong_field_of_a_cut_file_names_itself(client: TestClient, asked: object, code: str, words: str) -> None:
    answer = client.post("/cutfile", json=asked)

    assert answer.status_code == 422
    assert answer.json()["error"]["code"] == code
    assert words in answer.json()["error"]["message"]


# -- renders --


def test_every_image_that_cannot_be_printed_is_a_finding(client: TestClient) -> None:
    files = [front("good.png"), front("empty.png", b""), front("cut.png", BLUE[:-30])]

    error = client.post("/render", files=files).json()["error"]

    assert error["code"] == "image"
    assert error["card"] == "empty.png"
    assert [(each["card"], each["severity"], each["code"]) for each in error["findings"]] == [
        ("empty.png", "error", "image"),
        ("cut.png", "error", "image"),
    ]
    assert "truncated" in error["findings"][1]["message"]


def test_names_with_markup_come_back_as_text(client: TestClient) -> None:
    answer = client.post("/render", files=[front(MARKUP, b"")])

    assert answer.headers["content-type"] == "application/json"
    assert answer.json()["error"]["card"].endswith(".png")
    assert "<img src=x" in answer.json()["error"]["card"]
    for path in (f"/tasks/{MARKUP}", f"/{MARKUP}"):
        refused = client.get(path)
        assert refused.status_code == 404
        assert refused.headers["content-type"] == "application/json"


def test_a_documents_file_name_is_never_the_users(client: TestClient) -> None:
    answer = client.post("/render", files=[front("a.png")], data=settings(title='x"\r\nX-Evil: 1', label="é"))

    assert answer.status_code == 200
    assert answer.headers["content-disposition"] == 'attachment; filename="letter-standard-v6.pdf"'
    assert "x-evil" not in answer.headers


def test_settings_may_come_as_a_file(client: TestClient) -> None:
    sheet = ("settings", ("deck.json", b'{"paper": "a4"}', "application/json"))

    answer = client.post("/render", files=[front("a.png"), sheet])

    assert "a4" in answer.headers["content-disposition"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('{"label": "\\ud800"}', "JSON object"),
        ("[" * 100_000, "JSON object"),
        ('{"crop": ' + "9" * 5000 + "}", ""),
        ('{"crop": NaN}', "crop"),
        ('{"crop": 1e999}', "crop"),
        ('{"paper": null, "skip": {"a": 1}}', "skip"),
        ('{"overrides": {"a": []}}', "override"),
        ('{"rotate": true}', "rotate"),
        ('{"order": []}', "order"),
        ('{"<b>": 1}', "<b>"),
    ],
)
def test_odd_settings_are_refused_and_name_themselves(client: TestClient, text: str, words: str) -> None:
    answer = client.post("/render", files=[front("a.png")], data={"settings": text})

    assert answer.status_code == 422, answer.text
    assert words in answer.json()["error"]["message"]


@pytest.mark.parametrize("path", ["/render", "/tasks", "/cutfile", "/offset"])
def test_settings_in_the_address_are_refused_and_not_left_unread(client: TestClient, path: str) -> None:
    answer = client.post(path, params={"paper": "a4"}, files=[front("a.png")])

    assert answer.status_code == 422
    assert answer.json()["error"] == {
        "code": "request",
        "message": '"paper" is unknown in the address; settings go into the body',
    }


@pytest.mark.parametrize(
    "text", ['{"paper": "a4", "paper": "letter"}', '{"overrides": {"a": {"crop": "1mm"}, "a": {}}}']
)
def test_a_setting_that_stands_twice_is_refused(client: TestClient, text: str) -> None:
    for answer in (
        client.post("/render", files=[front("a.png")], data={"settings": text}),
        client.post("/cutfile", content=text),
    ):
        assert answer.status_code == 422
        assert "stands twice" in answer.json()["error"]["message"]


def test_settings_twice_are_none(client: TestClient) -> None:
    answer = client.post("/render", files=[front("a.png")], data={"settings": ["{}", "{}"]})

    assert answer.json()["error"]["message"] == "settings: send them once"


# -- the operator's --


def test_statistics_tell_what_the_cache_holds(client: TestClient) -> None:
    assert client.get("/cache/stats").json()["hit_rate"] is None
    for _ in range(2):
        client.post("/render", files=[front("a.png")])

    found = client.get("/cache/stats").json()

    assert found["tier"] == "memory"
    assert found["entries"] == found["memory"]["entries"] >= 1
    assert found["bytes"] > 0
    assert found["hits"] >= 1
    assert found["redis"] is None
    assert {"hit_rate", "misses", "coalesced", "evictions", "corrupt"} <= found.keys()


def test_clearing_empties_a_namespace_or_all(client: TestClient) -> None:
    client.post("/render", files=[front("a.png")])
    before = client.get("/cache/stats").json()["entries"]

    documents = client.delete("/cache", params={"namespace": "pdf"}).json()["removed"]
    rest = client.delete("/cache").json()["removed"]

    assert documents == 1
    assert documents + rest == before
    assert client.get("/cache/stats").json()["entries"] == 0
    assert client.post("/render", files=[front("a.png")]).headers["x-cardmaker-cache"] == "miss"


def test_an_unknown_namespace_is_refused(client: TestClient) -> None:
    answer = client.delete("/cache", params={"namespace": "*"})

    assert answer.status_code == 422
    assert answer.json()["error"]["code"] == "request"
    assert answer.json()["error"]["message"].startswith("namespace: ")


def test_a_slip_in_the_address_empties_nothing(client: TestClient) -> None:
    client.post("/render", files=[front("a.png")])

    answer = client.delete("/cache", params={"namespac": "tile"})

    assert answer.status_code == 422
    assert '"namespac" is unknown' in answer.json()["error"]["message"]
    assert client.get("/cache/stats").json()["entries"] > 0


def test_statistics_and_clearing_reach_into_redis(redis_server: RedisServer) -> None:
    with client_of(Workbench(Settings(redis_url=redis_server.url))) as client:
        client.post("/render", files=[front("a.png")])
        found = client.get("/cache/stats").json()
        client.delete("/cache")

        assert found["tier"] == "redis"
        assert found["redis"]["entries"] >= 2
        assert found["ttl_s"]["least"] > 0
        assert not list(redis_server.client().scan_iter("cm:pdf:*"))


# -- health --


def health(server: RedisServer, user: str = "") -> dict[str, object]:
    url = server.url.replace("//", f"//{user}@") if user else server.url
    found: dict[str, object] = client_of(Workbench(Settings(redis_url=url))).get("/health").json()
    return found


@pytest.mark.parametrize(
    ("policy", "maximum", "words"),
    [
        ("noeviction", "100mb", []),
        ("volatile-lru", "100mb", []),
        ("volatile-ttl", "100mb", []),
        ("allkeys-lru", "100mb", ["volatile-lru"]),
        ("allkeys-random", "0", ["volatile-lru", "maxmemory"]),
        ("noeviction", "0", ["maxmemory"]),
    ],
)
def test_a_redis_that_may_lose_tasks_or_has_no_bound_is_warned_of(
    redis_server: RedisServer, policy: str, maximum: str, words: list[str]
) -> None:
    redis_server.client().config_set("maxmemory-policy", policy)
    redis_server.client().config_set("maxmemory", maximum)

    found = health(redis_server)

    warnings = found["warnings"]
    assert isinstance(warnings, list)
    assert found["status"] == "ok"
    assert len(warnings) == len(words)
    assert all(word in warning for word, warning in zip(words, warnings, strict=True))


def test_a_redis_that_tells_nothing_about_itself_is_well_and_stays_in_use(redis_server: RedisServer) -> None:
    redis_server.client().acl_setuser(
        "plain", enabled=True, nopass=True, keys=["cm:*"], categories=["+@all"], commands=["-info", "-config"]
    )
    bench = Workbench(Settings(redis_url=redis_server.url.replace("//", "//plain:x@")))

    with client_of(bench) as client:
        found = client.get("/health").json()
        client.post("/render", files=[front("a.png")])
        answer = client.post("/render", files=[front("a.png", RED), front("b.png", BLUE)])

    assert (found["status"], found["warnings"], found["redis"]["state"]) == ("ok", [], "closed")
    assert answer.headers["x-cardmaker-tier"] == "redis"


def test_health_answers_while_redis_is_silent_and_tells_so(redis_server: RedisServer) -> None:
    with client_of(Workbench(Settings(redis_url=redis_server.url, redis_timeout_s=1, breaker_open_s=0.2))) as client:
        assert client.get("/health").json()["status"] == "ok"
        redis_server.pause()
        try:
            assert client.get("/health").elapsed.total_seconds() < 5 * 0.05
            until(lambda: client.get("/health").json()["status"] == "degraded", 30, "the word of it")
        finally:
            redis_server.resume()
        until(lambda: client.get("/health").json()["status"] == "ok", 30, "the recovery")


def test_health_has_no_body_for_head(client: TestClient) -> None:
    answer = client.head("/health")

    assert answer.status_code == 200
    assert answer.content == b""


# -- documents about it --


def test_the_document_describes_every_route_with_its_errors(client: TestClient) -> None:
    document = client.get("/openapi.json").json()

    assert set(document["paths"]) == {
        "/health", "/health/live", "/health/ready", "/layouts", "/render", "/cutfile", "/offset", "/tasks",
        "/tasks/{task_id}", "/tasks/{task_id}/result", "/tasks/{task_id}/retry", "/cache", "/cache/stats", "/metrics",
    }  # fmt: skip
    known = document["components"]["schemas"]
    settings = known["RenderSettings"]["properties"]
    assert {knob.name for knob in knobs.KNOBS} | {"order"} == settings.keys()
    assert known["RenderSettings"]["additionalProperties"] is False
    for path in ("/render", "/tasks"):
        body = document["paths"][path]["post"]["requestBody"]["content"]["multipart/form-data"]["schema"]
        assert body["properties"].keys() == {"fronts", "back", "backs", "settings"}
        assert document["paths"][path]["post"]["responses"]["422"]["content"]["application/json"]["schema"] == {
            "$ref": "#/components/schemas/ErrorSaid"
        }
    assert "HTTPValidationError" not in json.dumps(document)


def test_examples_of_settings_are_good_ones(client: TestClient) -> None:
    schemas = client.get("/openapi.json").json()["components"]["schemas"]
    for example in schemas["RenderSettings"]["examples"]:
        answer = client.post("/render", files=[front("a.png")], data=settings(**example))
        assert answer.status_code == 200
        assert len(pypdfium2.PdfDocument(answer.content)) == 1
    for example in schemas["CutSettings"]["examples"]:
        assert client.post("/cutfile", json=example).status_code == 200


def test_the_page_about_it_works_offline(client: TestClient) -> None:
    answer = client.get("/docs")

    assert answer.headers["content-type"].startswith("text/html")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    for word in ("<script", "http://", "https://", "src="):
        assert word not in answer.text
    for path in client.get("/openapi.json").json()["paths"]:
        assert path in answer.text
    assert "fill_corners" in answer.text


def test_what_is_not_there_says_so_and_what_is_says_how(client: TestClient) -> None:
    wrong = client.put("/layouts")

    assert client.get("/nothing").json()["error"]["code"] == "http"
    assert wrong.status_code == 405
    assert "GET" in wrong.headers["allow"]


def test_colours_are_those_of_the_core(client: TestClient) -> None:
    answer = client.post("/render", files=[front("a.png")], data=settings(paper="a4"))

    deck = art.deck_of([RED])
    assert answer.content == art.pdf(art.request(deck, paper="a4"), deck)
