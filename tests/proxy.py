"""A TCP proxy in front of a server, that does on demand what networks do: delay, cut, swallow, drop, flip."""

import socket
import threading
from contextlib import suppress

_READ_BYTES = 1 << 16
_STOP_S = 5.0


class Proxy:
    """Passes everything on until told otherwise; what is told holds for connections that are there and those to come.

    `delay_s` is waited before each answer. `is_silent` accepts, reads, and answers nothing. `cut_answers_after` and
    `cut_requests_after` are the bytes that are still passed on, of all connections together, before the connection
    that sends the next one is closed; `flip_answer_byte` is the number of the byte of the answers to come in which a
    bit is flipped.
    """

    def __init__(self, upstream_port: int) -> None:
        self.delay_s = 0.0
        self.is_silent = False
        self.cut_answers_after: int | None = None
        self.cut_requests_after: int | None = None
        self.flip_answer_byte: int | None = None
        self.accepted = 0
        self._upstream_port = upstream_port
        self._lock = threading.Lock()
        self._pairs: list[_Pair] = []
        self._threads: list[threading.Thread] = []
        self.stopped = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listener.getsockname()[1])
        self._spawn(self._accept)

    def __enter__(self) -> "Proxy":
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped.set()
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.drop()
        for thread in list(self._threads):
            thread.join(_STOP_S)

    def drop(self) -> None:
        """Closes all connections that are there."""
        for pair in self._taken():
            pair.close()

    def half_open(self) -> None:
        """The connections that are there answer nothing any more, and do not close; new ones work."""
        for pair in self._pairs:
            pair.is_dead = True

    def heal(self) -> None:
        self.delay_s, self.is_silent = 0.0, False
        self.cut_answers_after = self.cut_requests_after = self.flip_answer_byte = None

    def answer(self, data: bytes) -> tuple[bytes, bool]:
        """What is passed on of an answer, and whether that was the last."""
        with self._lock:
            if self.flip_answer_byte is not None:
                at, self.flip_answer_byte = self.flip_answer_byte, self.flip_answer_byte - len(data)
                if at < len(data):
                    data = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
                    self.flip_answer_byte = None
            data, self.cut_answers_after, is_last = _cut(data, self.cut_answers_after)
            return data, is_last

    def request(self, data: bytes) -> tuple[bytes, bool]:
        with self._lock:
            data, self.cut_requests_after, is_last = _cut(data, self.cut_requests_after)
            return data, is_last

    def _accept(self) -> None:
        while not self.stopped.is_set():
            try:
                near = self._listener.accept()[0]
            except OSError:
                return
            self.accepted += 1
            try:
                far = socket.create_connection(("127.0.0.1", self._upstream_port), timeout=_STOP_S)
            except OSError:
                near.close()
                continue
            far.settimeout(None)
            for side in (near, far):
                side.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            pair = _Pair(self, near, far)
            with self._lock:
                self._pairs.append(pair)
            self._spawn(pair.pass_requests)
            self._spawn(pair.pass_answers)

    def _spawn(self, work: object) -> None:
        thread = threading.Thread(target=work, name="proxy", daemon=True)  # type: ignore[arg-type]
        self._threads.append(thread)
        thread.start()

    def _taken(self) -> "list[_Pair]":
        with self._lock:
            pairs, self._pairs = self._pairs, []
            return pairs


class _Pair:
    """One connection: the client's side and the server's."""

    def __init__(self, proxy: Proxy, near: socket.socket, far: socket.socket) -> None:
        self._proxy, self._near, self._far = proxy, near, far
        self._asked = threading.Event()
        self.is_dead = False

    def pass_requests(self) -> None:
        with suppress(OSError):
            while data := self._near.recv(_READ_BYTES):
                if self._swallows():
                    continue
                self._asked.set()
                passed, is_last = self._proxy.request(data)
                self._far.sendall(passed)
                if is_last:
                    break
        self.close()

    def pass_answers(self) -> None:
        with suppress(OSError):
            while data := self._far.recv(_READ_BYTES):
                if self._asked.is_set():
                    self._asked.clear()
                    self._proxy.stopped.wait(self._proxy.delay_s)
                if self._swallows():
                    continue
                passed, is_last = self._proxy.answer(data)
                self._near.sendall(passed)
                if is_last:
                    break
        if not self._swallows():
            self.close()

    def close(self) -> None:
        for side in (self._near, self._far):
            with suppress(OSError):
                side.shutdown(socket.SHUT_RDWR)
            side.close()

    def _swallows(self) -> bool:
        return self.is_dead or self._proxy.is_silent


def _cut(data: bytes, left: int | None) -> tuple[bytes, int | None, bool]:
    """What passes, what may pass after it, and whether the end was reached."""
    if left is None:
        return data, None, False
    if len(data) <= left:
        return data, left - len(data), False
    return data[:left], 0, True
