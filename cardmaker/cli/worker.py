"""`worker`: renders tasks of apps on the same Redis, as a Celery worker."""

from __future__ import annotations

import argparse
import os

from cardmaker.cli.options import Commands
from cardmaker.errors import SettingError
from cardmaker.settings import Settings
from cardmaker.tasks.record import Queue


def add(commands: Commands) -> None:
    parser = commands.add_parser(
        "worker",
        allow_abbrev=False,
        help="render tasks of apps on the same Redis",
        description="A Celery worker on the Redis that CELERY_BROKER_URL or REDIS_URL names.",
    )
    parser.add_argument(
        "--concurrency", type=int, default=os.cpu_count() or 1, help="tasks at once (default: as cores)"
    )
    parser.add_argument(
        "--queue",
        action="append",
        choices=tuple(Queue),
        help="take tasks of this queue alone; may be repeated, the first goes first (default: all)",
    )
    parser.set_defaults(run=_run)


def _run(arguments: argparse.Namespace) -> int:
    from cardmaker import worker  # what it loads, the other commands need not

    if arguments.concurrency < 1:
        raise SettingError("--concurrency: at least 1")
    settings = Settings.from_environment({**os.environ, "CARDMAKER_RUNNER": "celery"})
    return worker.serve(settings, arguments.concurrency, [Queue(name) for name in arguments.queue or Queue])
