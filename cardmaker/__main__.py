import signal
import sys
from types import FrameType

from cardmaker.cli import main


def _stop(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, _stop)  # or an unfinished file would stay behind
    sys.exit(main())
