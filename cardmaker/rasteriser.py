"""pdfium keeps state for the whole process and must not be entered by two threads: this is its one lock."""

from __future__ import annotations

import threading

LOCK = threading.Lock()
