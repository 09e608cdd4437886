"""Pages + tiles -> PDF, written to a sink, one image stream in memory at a time."""

from cardmaker.pdf.document import Document

__all__ = ["Document"]
