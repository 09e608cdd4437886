"""The cache: what was computed once is not computed again, here or by anyone on the same Redis.

    @cached(cache, "pdf", key=lambda request: request.digest)
    def document(request): ...                     # a pure function that gives bytes

    document(request)                              # its value
    document.ask(request)                          # the same, with where it came from and how long each step took

Keys are content: a digest of everything that shapes the bytes. So nothing goes stale, and nothing is refreshed. A
read goes memory -> Redis -> lease -> Redis again -> compute -> store. No failure of Redis fails a request: without it
the memory tier serves alone.
"""

from cardmaker.cache.answer import Answer, Outcome, Stats, Tier, Visit
from cardmaker.cache.blob import Blob, BlobSink
from cardmaker.cache.decorator import Cached, cached
from cardmaker.cache.recorder import Recorder, Tally
from cardmaker.cache.tiers import Cache

__all__ = [
    "Answer",
    "Blob",
    "BlobSink",
    "Cache",
    "Cached",
    "Outcome",
    "Recorder",
    "Stats",
    "Tally",
    "Tier",
    "Visit",
    "cached",
]
