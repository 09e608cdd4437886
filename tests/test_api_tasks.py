"""Tasks over HTTP: handed in, looked after, fetched, cancelled, tried again."""

import os
import signal
from collections.abc import Iterator
from contextlib import closing

import pytest
from starlette.testclient import TestClient

from cardmaker.errors import StoreAway, StoreFull
from cardmaker.settings import Settings
from cardmaker.tasks.local import LocalRunner
from cardmaker.workbench import Workbench
from tests import art
from tests.over_http import BLUE, RED, client_of, front, settings
from tests.tools import until

pytestmark = pytest.mark.slow
DONE_S = 60.0
UNKNOWN = ("0" * 32, "x", "0" * 31, "G" * 32, "0" * 33, "%00", "..%2f..%2fcache", "a" * 5000, "é", "*", "0" * 31 + "٣")


@pytest.fixture(scope="module")
def bench() -> Iterator[Workbench]:
    with closing(Workbench()) as made:
        yield made


@pytest.fixture
def client(bench: Workbench) -> TestClient:
    return client_of(bench)


def ended(client: TestClient, task_id: str) -> dict[str, object]:
    def is_final() -> bool:
        return client.get(f"/tasks/{task_id}").json()["state"] not in ("pending", "running")

    until(is_final, DONE_S, "the task's end")
    found: dict[str, object] = client.get(f"/tasks/{task_id}").json()
    return found


def test_a_task_gives_the_same_pdf_that_the_core_makes(client: TestClient) -> None:
    deck = art.deck_of([RED, BLUE])

    handed = client.post("/tasks", files=[front("a.png"), front("b.png", BLUE)], data=settings(paper="a4"))
    task = ended(client, handed.json()["task_id"])
    result = client.get(f"/tasks/{task['task_id']}/result")

    assert handed.status_code == 202
    assert handed.json()["state"] in ("pending", "running")
    assert handed.json()["links"]["self"] == f"/tasks/{task['task_id']}"
    assert (task["state"], task["progress"], task["cards"], task["pages"]) == ("success", 1.0, 2, 1)
    assert "error" not in task
    assert result.status_code == 200
    assert result.headers["content-type"] == "application/pdf"
    assert result.headers["x-cardmaker-pages"] == "1"
    assert result.headers["content-disposition"] == 'attachment; filename="a4-standard-v5.pdf"'
    assert result.content == art.pdf(art.request(deck, paper="a4"), deck)


def test_the_same_deck_is_the_same_task(client: TestClient) -> None:
    files = [front("same.png")]
    first = client.post("/tasks", files=files).json()["task_id"]
    ended(client, first)

    again = client.post("/tasks", files=files).json()

    assert again["task_id"] == first
    assert again["state"] == "success"


def test_a_failure_names_its_card_and_has_no_result(client: TestClient) -> None:
    handed = client.post("/tasks", files=[front("a.png"), front('<b>"cut".png', BLUE[:-30])])
    task = ended(client, handed.json()["task_id"])

    assert task["state"] == "failure"
    error = task["error"]
    assert isinstance(error, dict)
    assert error["code"] == "image"
    assert "<b>" in error["card"]
    result = client.get(f"/tasks/{task['task_id']}/result")
    assert result.status_code == 409
    assert result.json()["error"]["code"] == "task"
    assert result.headers["content-type"] == "application/json"


def test_a_failure_may_be_tried_again_and_a_success_may_not(client: TestClient) -> None:
    failed = client.post("/tasks", files=[front("broken.png", BLUE[:-31])]).json()["task_id"]
    done = client.post("/tasks", files=[front("fine.png")]).json()["task_id"]
    ended(client, failed)
    ended(client, done)

    again = client.post(f"/tasks/{failed}/retry")
    refused = client.post(f"/tasks/{done}/retry")

    assert again.status_code == 202
    assert again.json()["task_id"] != failed
    assert ended(client, again.json()["task_id"])["retry_of"] == failed
    assert client.get(f"/tasks/{failed}").json()["retried_as"] == again.json()["task_id"]
    assert refused.status_code == 409


def test_a_waiting_task_is_cancelled_and_stays_so(client: TestClient, bench: Workbench) -> None:
    ended(client, client.post("/tasks", files=[front("warm.png")]).json()["task_id"])
    assert isinstance(bench.runner, LocalRunner)
    for pid in bench.runner.pids:
        os.kill(pid, signal.SIGSTOP)
    first = client.post("/tasks", files=[front("first.png")], data=settings(title="first")).json()["task_id"]
    waiting = client.post("/tasks", files=[front("second.png")], data=settings(title="second")).json()["task_id"]

    cancelled = client.delete(f"/tasks/{waiting}")
    for pid in bench.runner.pids:
        os.kill(pid, signal.SIGCONT)

    assert cancelled.status_code == 202
    assert ended(client, waiting)["state"] == "cancelled"
    assert client.delete(f"/tasks/{waiting}").status_code == 202
    assert client.get(f"/tasks/{waiting}/result").status_code == 409
    assert ended(client, first)["state"] == "success"
    assert client.delete(f"/tasks/{first}").json()["state"] == "success"


def test_a_result_that_is_no_longer_kept_is_gone(client: TestClient) -> None:
    task = client.post("/tasks", files=[front("gone.png")], data=settings(title="gone")).json()["task_id"]
    ended(client, task)
    client.delete("/cache")

    result = client.get(f"/tasks/{task}/result")

    assert result.status_code == 410
    assert result.json()["error"]["code"] == "task-gone"


@pytest.mark.parametrize("task_id", UNKNOWN)
def test_any_unknown_or_malformed_id_is_not_found(client: TestClient, task_id: str) -> None:
    for verb, path in (("GET", ""), ("GET", "/result"), ("DELETE", ""), ("POST", "/retry")):
        answer = client.request(verb, f"/tasks/{task_id}{path}")

        assert answer.status_code == 404
        assert answer.json()["error"]["code"] in ("unknown-task", "http")


def test_bad_decks_become_no_task(client: TestClient) -> None:
    before = len(client.get("/tasks").json()["tasks"])
    for files, knobs in (([front("a.png")], {"colour": "red"}), ([("back", ("a.png", RED, "image/png"))], {})):
        answer = client.post("/tasks", files=files, data=settings(**knobs))

        assert answer.status_code == 422
        assert "error" in answer.json()

    assert len(client.get("/tasks").json()["tasks"]) == before


def test_the_operator_sees_the_tasks_of_late_the_newest_first(client: TestClient) -> None:
    made = [
        client.post("/tasks", files=[front("listed.png")], data=settings(title=str(i)), params={"queue": "bulk"}).json()
        for i in range(2)
    ]
    found = client.get("/tasks").json()["tasks"]

    assert [each["task_id"] for each in found[:2]] == [each["task_id"] for each in reversed(made)]
    assert {each["queue"] for each in found[:2]} == {"bulk"}
    for each in made:
        ended(client, each["task_id"])


def test_ids_cannot_be_guessed_from_one_another(client: TestClient) -> None:
    ids = [
        client.post("/tasks", files=[front("id.png")], data=settings(title=f"id {i}")).json()["task_id"]
        for i in range(3)
    ]

    assert len({each[:8] for each in ids}) == len({each[-8:] for each in ids}) == 3
    for each in ids:
        client.delete(f"/tasks/{each}")


@pytest.mark.parametrize(("error", "code"), [(StoreFull, "store-full"), (StoreAway, "store-away")])
def test_where_tasks_go_through_a_redis_that_takes_none_one_is_told_when_to_come_again(
    error: type[Exception], code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Workbench(Settings())

    def refuse(*_: object, **__: object) -> None:
        raise error("Redis is full")

    for name in ("submit", "task", "tasks", "cancel", "retry", "result"):
        monkeypatch.setattr(bench, name, refuse)
    client = client_of(bench)
    one = f"/tasks/{'0' * 32}"
    answers = [
        client.post("/tasks", files=[front("a.png")]),
        *(client.request(verb, path) for verb, path in (("GET", "/tasks"), ("GET", one), ("DELETE", one))),
        client.get(f"{one}/result"),
        client.post(f"{one}/retry"),
    ]

    for answer in answers:
        assert answer.status_code == 503
        assert answer.json()["error"]["code"] == code
        assert int(answer.headers["retry-after"]) > 0
