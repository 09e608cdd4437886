"""How the app ends that is told to stop."""

import signal
import socket
import sys
import time
from pathlib import Path

import pytest

from tests.over_http import START_S, app_process, front, multipart
from tests.test_api_load import FORM, noise

pytestmark = pytest.mark.slow
STOP_S = 0.5


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signals")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_client_that_reads_nothing_does_not_keep_a_server_from_its_end(
    tmp_path: Path, number: signal.Signals
) -> None:
    body = multipart([front(f"{i}.png", noise(i)) for i in range(20)])  # of more than sockets hold
    head = [f"{name}: {value}\r\n" for name, value in (FORM | {"Content-Length": str(len(body))}).items()]
    log = tmp_path / "app.log"
    with (
        app_process(log, CARDMAKER_STOP_S=str(STOP_S), CARDMAKER_CACHE="off") as (process, port),
        socket.socket() as lazy,
    ):
        lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        lazy.settimeout(START_S)
        lazy.connect(("127.0.0.1", port))
        lazy.sendall("".join(["POST /api/render HTTP/1.1\r\nHost: 127.0.0.1\r\n", *head, "\r\n"]).encode() + body)
        assert lazy.recv(12) == b"HTTP/1.1 200"

        start = time.monotonic()
        process.send_signal(number)
        ended = process.wait(START_S)

    assert ended == -number
    assert time.monotonic() - start >= STOP_S  # it had its time
    assert "Traceback" not in log.read_text()


def test_a_server_without_clients_ends_at_once(tmp_path: Path) -> None:
    with app_process(tmp_path / "app.log", CARDMAKER_STOP_S="600") as (process, _):
        process.terminate()

        assert isinstance(process.wait(START_S), int)
