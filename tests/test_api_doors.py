"""Who is let in: by which name, from which page, with which token. Every way in that should be shut is tried."""

import json
import logging
import socket
from collections.abc import Iterator

import pytest

from cardmaker.settings import Settings
from cardmaker.workbench import Workbench
from tests.over_http import client_of, front, serving

ADMIN, API = "the-admins-own-token", "the-clubs-own-token"
FOR_ADMINS = [("GET", "/cache/stats"), ("DELETE", "/cache"), ("GET", "/tasks"), ("GET", "/metrics")]
every_admin_route = pytest.mark.parametrize(("verb", "path"), FOR_ADMINS)


@pytest.fixture(scope="module")
def laptop() -> Workbench:
    """With no token set."""
    return Workbench()


@pytest.fixture(scope="module")
def club() -> Workbench:
    return Workbench(Settings(admin_token=ADMIN, allowed_hosts=("cards.example", "*.club.example")))


@pytest.fixture(scope="module")
def closed() -> Workbench:
    return Workbench(Settings(admin_token=ADMIN, api_token=API))


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


# -- the operator --


@every_admin_route
@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1", "::ffff:127.0.0.1"])
def test_at_a_laptop_its_user_is_the_operator(laptop: Workbench, verb: str, path: str, address: str) -> None:
    assert client_of(laptop, address).request(verb, path).status_code == 200


@every_admin_route
@pytest.mark.parametrize("address", ["192.0.2.7", "10.0.0.1", "::2", "fe80::1", "::ffff:10.0.0.1", "0.0.0.0", ""])
def test_without_a_token_no_other_machine_is(laptop: Workbench, verb: str, path: str, address: str) -> None:
    answer = client_of(laptop, address).request(verb, path)

    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "admin"


@every_admin_route
@pytest.mark.parametrize(
    "header",
    ["Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Via", "CF-Connecting-IP",
     "X_Forwarded_For", "X-Original-Forwarded-For", "X-Cluster-Client-IP", "Fly-Client-IP", "X-Azure-ClientIP",
     "X-Envoy-External-Address", "X-Original-Host"],
)  # fmt: skip
def test_without_a_token_nobody_is_let_in_by_a_proxy(laptop: Workbench, verb: str, path: str, header: str) -> None:
    answer = client_of(laptop).request(verb, path, headers={header: "127.0.0.1"})

    assert answer.status_code == 403


@pytest.fixture(scope="module")
def laptop_port(laptop: Workbench) -> Iterator[int]:
    with serving(laptop) as port:
        yield port


@every_admin_route
@pytest.mark.parametrize(("version", "status"), [("1.0", 403), ("1.1", 200)])
def test_without_a_token_nobody_is_let_in_by_a_proxy_that_says_nothing_of_itself(
    laptop_port: int, verb: str, path: str, version: str, status: int
) -> None:
    """nginx does so by a bare proxy_pass: by a loopback address and name, without a header of its own."""
    with socket.create_connection(("127.0.0.1", laptop_port), timeout=30) as caller:
        line = f"{verb} /api{path} HTTP/{version}\r\nHost: localhost:{laptop_port}\r\nConnection: close\r\n\r\n"
        caller.sendall(line.encode())
        assert caller.recv(1000).split()[1] == str(status).encode()


@every_admin_route
def test_without_a_token_nobody_is_let_in_by_a_public_name(verb: str, path: str) -> None:
    bench = Workbench(Settings(allowed_hosts=("cards.example",)))

    answer = client_of(bench, host="cards.example").request(verb, path)

    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "admin"


@every_admin_route
def test_the_operators_token_opens_from_anywhere(club: Workbench, verb: str, path: str) -> None:
    client = client_of(club, "10.0.0.1", "cards.example")

    assert client.request(verb, path, headers=bearer(ADMIN)).status_code == 200
    assert client.request(verb, path, headers={"Authorization": f"bearer {ADMIN}"}).status_code == 200


@every_admin_route
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": ""},
        {"Authorization": "Bearer"},
        {"Authorization": "Bearer "},
        {"Authorization": ADMIN},
        {"Authorization": f"Basic {ADMIN}"},
        {"Authorization": f"Bearer {ADMIN}x"},
        {"Authorization": f"Bearer {ADMIN[:-1]}"},
        {"Authorization": f"Bearer {ADMIN.upper()}"},
        {"Authorization": f"Bearer {ADMIN} {ADMIN}"},
        {"Authorization": "Bearer \u00e9".encode("latin-1")},
        {"X-Admin-Token": ADMIN},
        {"Cookie": f"token={ADMIN}"},
    ],
)
def test_with_a_token_set_nothing_else_opens_not_even_at_the_machine(
    club: Workbench, verb: str, path: str, headers: dict[str, str]
) -> None:
    answer = client_of(club).request(verb, path, headers=headers)

    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert ADMIN not in answer.text


@every_admin_route
def test_a_token_in_the_address_opens_nothing(club: Workbench, verb: str, path: str) -> None:
    for name in ("token", "admin_token", "access_token"):
        assert client_of(club).request(verb, f"{path}?{name}={ADMIN}").status_code == 401


@every_admin_route
def test_the_apis_token_does_not_make_an_operator(closed: Workbench, verb: str, path: str) -> None:
    assert client_of(closed).request(verb, path, headers=bearer(API)).status_code == 401


@every_admin_route
def test_with_the_apis_token_alone_the_operator_needs_it_too_and_sits_at_the_machine(verb: str, path: str) -> None:
    bench = Workbench(Settings(api_token=API))

    assert client_of(bench).request(verb, path).status_code == 401
    assert client_of(bench, "10.0.0.1").request(verb, path, headers=bearer(API)).status_code == 403
    assert client_of(bench).request(verb, path, headers=bearer(API)).status_code == 200


@pytest.mark.parametrize(
    ("verb", "path"),
    [
        ("DELETE", "/cache/"),
        ("POST", "/cache"),
        ("PUT", "/cache"),
        ("PATCH", "/cache"),
        ("HEAD", "/cache/stats"),
        ("DELETE", "//cache"),
        ("GET", "/cache/stats/"),
        ("GET", "/CACHE/STATS"),
        ("GET", "/cache/%73tats"),
        ("GET", "/health/live/../../cache/stats"),
        ("GET", "/tasks/"),
    ],
)
def test_no_other_spelling_leads_past_the_door(club: Workbench, verb: str, path: str) -> None:
    answer = client_of(club).request(verb, path, headers={"X-HTTP-Method-Override": "DELETE"})

    assert answer.status_code in (401, 404, 405)


# -- the API's token --


@pytest.mark.parametrize(
    ("verb", "path"),
    [
        ("GET", "/health"),
        ("GET", "/layouts"),
        ("GET", "/docs"),
        ("GET", "/openapi.json"),
        ("POST", "/render"),
        ("POST", "/cutfile"),
        ("POST", "/tasks"),
        ("GET", f"/tasks/{'0' * 32}"),
        ("GET", f"/tasks/{'0' * 32}/result"),
        ("DELETE", f"/tasks/{'0' * 32}"),
        ("POST", f"/tasks/{'0' * 32}/retry"),
        ("GET", "/nothing"),
    ],
)
def test_the_apis_token_closes_all_to_those_without_it(closed: Workbench, verb: str, path: str) -> None:
    client = client_of(closed)

    assert client.request(verb, path).status_code == 401
    assert client.request(verb, path, headers=bearer("another")).json()["error"]["code"] == "token"
    for token in (API, ADMIN):
        assert client.request(verb, path, headers=bearer(token)).status_code != 401


def test_whoever_starts_and_stops_servers_needs_no_token(closed: Workbench) -> None:
    client = client_of(closed, "10.0.0.9")

    assert client.get("/health/live").json() == {"status": "live"}
    assert client.get("/health/ready").json() == {"status": "ready"}


# -- names and pages --


@pytest.mark.parametrize(
    "host",
    ["localhost", "localhost:8501", "LOCALHOST", "127.0.0.1:8501", "[::1]:8501", "app.localhost:1", "localhost."],
)
def test_loopback_names_are_always_allowed(laptop: Workbench, host: str) -> None:
    assert client_of(laptop).get("/layouts", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example", "evil.example:8501", "192.0.2.5", "0.0.0.0",
     "localhost@evil.example", "evil.example#localhost", "evil.example/localhost", "[::1", "localhost:port", " ", "*",
     "cards.example"],
)  # fmt: skip
def test_by_another_name_nothing_is_answered(laptop: Workbench, host: str) -> None:
    answer = client_of(laptop).get("/layouts", headers={"Host": host})

    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "host"
    assert "papers" not in answer.text


def test_two_names_at_once_are_none(laptop: Workbench) -> None:
    answer = client_of(laptop).get("/layouts", headers=[("Host", "localhost"), ("Host", "evil.example")])

    assert answer.status_code == 403


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("cards.example", 200),
        ("CARDS.example:443", 200),
        ("a.club.example", 200),
        ("club.example", 403),
        ("xcards.example", 403),
        ("xclub.example", 403),
        ("localhost", 200),
    ],
)
def test_names_that_are_allowed(club: Workbench, host: str, status: int) -> None:
    assert client_of(club).get("/layouts", headers={"Host": host}).status_code == status


def test_the_address_that_it_listens_on_is_a_name_of_it(laptop: Workbench) -> None:
    # The test client names its server after the address in its base.
    assert client_of(laptop, host="192.0.2.5:8501").get("/layouts").status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:9999"},
        {"Origin": "http://localhost:8501.evil.example"},
        {"Origin": "http://[::1"},
        {"Origin": "http://evil.example, http://localhost:8501"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "http://evil.example", "Sec-Fetch-Site": "same-origin"},
    ],
)
@pytest.mark.parametrize(
    ("verb", "path"), [("POST", "/render"), ("POST", "/tasks"), ("POST", "/cutfile"), ("DELETE", "/cache")]
)
def test_another_page_in_the_same_browser_changes_nothing(
    laptop: Workbench, verb: str, path: str, headers: dict[str, str]
) -> None:
    answer = client_of(laptop).request(verb, path, headers=headers)

    assert answer.status_code == 403
    assert answer.json()["error"]["code"] == "origin"
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(
    "headers",
    [{}, {"Origin": "http://localhost:8501"}, {"Sec-Fetch-Site": "same-origin"}, {"Origin": "https://pages.example"}],
)
def test_its_own_page_one_that_is_trusted_and_a_script_do(headers: dict[str, str]) -> None:
    bench = Workbench(Settings(trusted_origins=("https://pages.example",)))

    assert client_of(bench).delete("/cache", headers=headers).status_code == 200


# -- ids and logs --


def test_a_well_formed_request_id_is_kept_and_any_other_replaced(laptop: Workbench) -> None:
    client = client_of(laptop)

    assert client.get("/layouts", headers={"X-Request-Id": "job-17.a_B"}).headers["x-request-id"] == "job-17.a_B"
    for odd in ("a b", "x" * 65, "<script>", ""):
        made = client.get("/layouts", headers={"X-Request-Id": odd}).headers["x-request-id"]
        assert made != odd
        assert len(made) == 32
    assert client.get("/nothing").headers["x-request-id"] != client.get("/nothing").headers["x-request-id"]


def test_the_log_tells_each_request_and_nothing_that_is_secret(
    club: Workbench, caplog: pytest.LogCaptureFixture
) -> None:
    task = "0123456789abcdef" * 2
    with caplog.at_level(logging.INFO, "cardmaker.access"), client_of(club, "10.9.8.7", "cards.example") as client:
        client.get("/cache/stats?token=s3cret", headers={**bearer(ADMIN), "X-Request-Id": "mine"})
        client.post("/render", files=[front("Secret Plan.png", b"x")])
        client.get(f"/tasks/{task}")
        client.get("/nothing/here")

    fields = [record.__dict__["fields"] for record in caplog.records]
    assert [(each["route"], each["status"]) for each in fields] == [
        ("/cache/stats", 200),
        ("/render", 422),
        ("/tasks/{task_id}", 404),
        (None, 404),
    ]
    assert fields[0]["request_id"] == "mine"
    said = json.dumps(fields) + caplog.text
    for secret in (ADMIN, "s3cret", "Secret Plan", task, "10.9.8.7", "nothing/here"):
        assert secret not in said


def test_a_fault_of_ours_is_told_without_its_traceback_and_logged_with_it(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Workbench()
    monkeypatch.setattr(bench, "health", lambda: 1 // 0)

    answer = client_of(bench).get("/health", headers={"X-Request-Id": "mine"})

    assert answer.status_code == 500
    assert answer.json()["error"]["code"] == "fault"
    assert "Traceback" not in answer.text
    assert answer.headers["x-request-id"] == "mine"
    assert "ZeroDivisionError" in caplog.text


def test_no_secret_stands_in_a_repr_or_in_an_error_of_settings() -> None:
    assert ADMIN not in repr(Settings(admin_token=ADMIN, api_token=API))
    assert API not in repr(Settings(admin_token=ADMIN, api_token=API))
