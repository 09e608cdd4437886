"""A real redis-server on a free loopback port, in a folder of its own, that a test may kill, pause and start anew."""

import os
import signal
import socket
import subprocess
from pathlib import Path
from urllib.parse import quote

import redis

from tests.tools import free_port, tool, until

START_S = 10.0
MIB = 1 << 20


class RedisServer:
    """Keeps nothing on disk: started again, it is empty. `tls` names a certificate and its key; then only TLS is
    spoken."""

    def __init__(
        self,
        folder: Path,
        *,
        password: str = "",
        max_memory_bytes: int = 0,
        policy: str = "noeviction",
        tls: tuple[Path, Path] | None = None,
    ) -> None:
        self.data = folder / "data"
        self.data.mkdir()
        self._folder, self._password, self._tls = folder, password, tls
        self._options = {
            "bind": "127.0.0.1",
            "save": "",
            "appendonly": "no",
            "maxmemory": str(max_memory_bytes),
            "maxmemory-policy": policy,
            **({"requirepass": password} if password else {}),
        }
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()

    def __enter__(self) -> "RedisServer":
        try:
            self.start()
        except BaseException:
            self.kill()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()

    @property
    def url(self) -> str:
        return self.url_by(self.port)

    def url_by(self, port: int, password: str | None = None) -> str:
        """By a proxy's port, or with another password."""
        login = quote(self._password if password is None else password, safe="")
        return f"redis{'s' if self._tls else ''}://{f':{login}@' if login else ''}127.0.0.1:{port}/0"

    def start(self) -> None:
        command = [tool("redis-server", "redis-server"), "--dir", str(self.data), *self._ports()]
        command += [part for name, value in self._options.items() for part in (f"--{name}", value)]
        log = self._folder / "redis.log"
        with log.open("ab") as output:
            self._process = subprocess.Popen(command, stdout=output, stderr=output, stdin=subprocess.DEVNULL)
        until(self._accepts, START_S, "the start of redis-server")

    def kill(self) -> None:
        """At once, as by a power cut; also when it is paused."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(START_S)
            self._process = None

    def restart(self) -> None:
        """Empty, on the same port."""
        self.kill()
        self.start()

    def pause(self) -> None:
        """Connections stay, and nothing is answered."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        self._signal(signal.SIGCONT)

    def client(self) -> "redis.Redis":
        """A patient client for the test itself, past every proxy."""
        certificates = {"ssl_cert_reqs": "none"} if self._tls else {}
        client: redis.Redis = redis.Redis.from_url(self.url, socket_timeout=START_S, **certificates)
        return client

    def _signal(self, number: int) -> None:
        assert self._process is not None
        os.kill(self._process.pid, number)

    def _ports(self) -> list[str]:
        if self._tls is None:
            return ["--port", str(self.port)]
        certificate, key = map(str, self._tls)
        files = ["--tls-cert-file", certificate, "--tls-key-file", key, "--tls-auth-clients", "no"]
        return ["--port", "0", "--tls-port", str(self.port), *files]

    def _accepts(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, (self._folder / "redis.log").read_text()
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
        except OSError:
            return False
        return True
