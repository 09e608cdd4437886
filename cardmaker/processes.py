"""What a child process of ours needs."""

from __future__ import annotations

import os
from pathlib import Path

_ROOT = Path(__file__).resolve().parents[1]


def environment() -> dict[str, str]:
    """Ours, so that the child finds this very package, from whatever folder we were started."""
    given = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(_ROOT), *([given] if given else [])])}
