"""What the server tells its operator: one JSON object a line. No secrets, no names of files, no addresses."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

_ROOT = "cardmaker"
_access = logging.getLogger(f"{_ROOT}.access")


class JsonLines(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        said: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            said["traceback"] = self.formatException(record.exc_info)
        return json.dumps(said)


def to_stderr() -> None:
    """For a server; an operator's own handlers come first."""
    ours = logging.getLogger(_ROOT)
    if ours.handlers or logging.getLogger().handlers:
        return
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    ours.addHandler(handler)
    ours.setLevel(logging.INFO)


def answered(fields: dict[str, Any]) -> None:
    """One request. Its route stands for its path, which may name a task that only its owner should know."""
    _access.info("%(method)s %(route)s %(status)s", fields, extra={"fields": fields})


def failed(fields: dict[str, Any]) -> None:
    """A fault of ours, where it is handled."""
    _access.exception("a fault of ours", extra={"fields": fields})
