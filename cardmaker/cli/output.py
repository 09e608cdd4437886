"""Files that are there whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from cardmaker.errors import OutputError, one_line


@contextmanager
def whole_file(path: Path) -> Iterator[BinaryIO]:
    """A file that appears under its name only when it is whole: written beside it, then renamed."""
    try:
        target = path.resolve()  # a link stays, what it points to is replaced
        if target.is_dir():
            raise OutputError(f'"{one_line(str(path))}" is a folder; name a file in it')
        if target.exists() and not target.is_file():
            raise OutputError(f'"{one_line(str(path))}" is a device or a pipe; name a file')
        handle, name = tempfile.mkstemp(prefix=f".{target.name[:40]}-", suffix=".part", dir=target.parent)
    except OSError as error:
        raise OutputError(f'"{one_line(str(path))}" cannot be written ({error.strerror})') from error
    except RuntimeError as error:  # what Python 3.11 makes of links that go round in a circle
        raise OutputError(f'"{one_line(str(path))}" is a link that leads back to itself') from error
    part = Path(name)
    try:
        with os.fdopen(handle, "wb", buffering=1 << 18) as sink:
            yield sink
        part.chmod(0o666 & ~_umask())
        part.replace(target)
    except OSError as error:
        raise OutputError(f'"{one_line(str(path))}" cannot be written ({error.strerror})') from error
    finally:
        part.unlink(missing_ok=True)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
