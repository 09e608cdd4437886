"""The API as a client sees it: in this process, or served on a loopback port as it is in the app."""

import http.client
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path

import uvicorn
from fastapi import FastAPI
from starlette.applications import Starlette
from starlette.routing import Mount
from starlette.testclient import TestClient

from cardmaker import api
from cardmaker.workbench import Workbench
from tests import art
from tests.tools import free_port, until

Files = list[tuple[str, tuple[str, bytes, str]]]

RED, BLUE = (art.encoded(art.solid(colour)) for colour in (art.RED, art.BLUE))
ROOT = Path(__file__).parent.parent
START_S = 60.0


def client_of(bench: Workbench, address: str = "127.0.0.1", host: str = "localhost:8501") -> TestClient:
    """A caller at that address, by that name."""
    return TestClient(_api_of(bench), base_url=f"http://{host}", client=(address, 50_000))


@lru_cache(maxsize=4)
def _api_of(bench: Workbench) -> FastAPI:
    """Putting one together takes longer than most requests."""
    return api.create(bench)


def front(name: str, content: bytes = RED) -> tuple[str, tuple[str, bytes, str]]:
    return "fronts", (name, content, "image/png")


def settings(**knobs: object) -> dict[str, str]:
    return {"settings": json.dumps(knobs)}


def multipart(parts: Files, boundary: bytes = b"b") -> bytes:
    """A form's body, for those who send it otherwise than whole."""
    lines = []
    for name, (filename, content, kind) in parts:
        head = f'Content-Disposition: form-data; name="{name}"; filename="{filename}"\r\nContent-Type: {kind}'
        lines += [b"--" + boundary, head.encode(), b"", content]
    return b"\r\n".join([*lines, b"--" + boundary + b"--", b""])


@contextmanager
def serving(bench: Workbench) -> Iterator[int]:
    """The port of a server that has the API under `/api`."""
    port = free_port()
    app = Starlette(routes=[Mount("/api", app=api.create(bench))])
    config = uvicorn.Config(app, "127.0.0.1", port, log_level="warning", lifespan="off", ws="none")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        until(lambda: server.started, START_S, "the server's start")
        yield port
    finally:
        server.should_exit = True
        thread.join(START_S)


@contextmanager
def app_serving(log: Path, **environment: str) -> Iterator[int]:
    """The port of the app in a process of its own, whose words go to that file."""
    with app_process(log, **environment) as (_, port):
        yield port


@contextmanager
def app_process(log: Path, **environment: str) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """`uvicorn app:app`, pages and API, and its port."""
    port = free_port()
    command = [sys.executable, "-m", "uvicorn", "app:app", "--port", str(port), "--no-access-log"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **environment}, stdout=output, stderr=output, stdin=subprocess.DEVNULL
        )

    def is_live() -> bool:
        assert process.poll() is None, log.read_text()
        client = http.client.HTTPConnection("127.0.0.1", port, timeout=START_S)
        try:
            client.request("GET", "/api/health/live")
            return client.getresponse().read() == b'{"status":"live"}'
        except OSError:
            return False
        finally:
            client.close()

    try:
        until(is_live, START_S, "the app's start")
        yield process, port
    finally:
        process.terminate()
        try:
            process.wait(START_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(START_S)
