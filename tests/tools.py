"""What tests need from the machine: programs, free ports, and waiting with a deadline."""

import os
import shutil
import socket
import time
from collections.abc import Callable
from functools import cache

import pytest


@cache
def tool(name: str, package: str) -> str:
    """The program's path. Without it the test is skipped, or fails when CI is set."""
    found = shutil.which(name)
    if found is None:
        missing = f"{name} is missing; install {package}"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    return found


def free_port() -> int:
    """A loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def until(holds: Callable[[], object], within_s: float, what: str = "it") -> None:
    """Returns as soon as it holds; fails when it does not in that time."""
    deadline = time.monotonic() + within_s
    while not holds():
        assert time.monotonic() < deadline, f"{what} did not happen within {within_s} s"
        time.sleep(0.005)
