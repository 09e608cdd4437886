"""python -m cardmaker ...: the workbench for scripts.

Exit codes: 0 done, 2 bad input with one clear line on stderr, 1 a fault of ours, 130 interrupted.
"""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Sequence

import cardmaker
from cardmaker.cli import cutfile, offset, render, sheet, worker
from cardmaker.cli.options import BAD_INPUT, Parser
from cardmaker.errors import CardmakerError, InputError, one_line

FAULT, INTERRUPTED = 1, 130


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command and gives its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # a name may hold what the terminal cannot show
    try:
        arguments = _parser().parse_args(argv)
        run: int = arguments.run(arguments)
        return run
    except InputError as error:
        return _say(BAD_INPUT, str(error))
    except CardmakerError as error:
        return _say(FAULT, str(error))
    except KeyboardInterrupt:
        return _say(INTERRUPTED, "interrupted; nothing was written")
    except BrokenPipeError:
        # Whoever read our output has gone; nobody is left to tell, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FAULT
    except Exception as error:  # the last door: a user gets a line, never a traceback
        if os.environ.get("CARDMAKER_DEBUG"):
            raise
        return _say(FAULT, f"{type(error).__name__}: {error}; a fault of ours, CARDMAKER_DEBUG=1 shows where")


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="python -m cardmaker",
        allow_abbrev=False,  # a new knob must not change what a script's short form means
        description="Card images in, an exact print-ready PDF out.",
        epilog="Lengths carry a unit: 3mm, 0.125in. `COMMAND --help` lists a command's options.",
    )
    parser.add_argument("--version", action="version", version=f"cardmaker {cardmaker.__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for command in (render, sheet, cutfile, offset, worker):
        command.add(commands)
    return parser


def _say(code: int, message: str) -> int:
    clear = "\r\x1b[K" if sys.stderr.isatty() else ""  # a progress line may stand there
    print(f"{clear}cardmaker: {one_line(message)}", file=sys.stderr)
    return code
