"""Durations on a logarithmic scale: eight buckets to an octave, so that a quantile is within 4.4 % of the truth."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping

BUCKETS_PER_OCTAVE = 8
# A microsecond; what is shorter counts as that.
_LEAST_MS = 0.001


def bucket_of(ms: float) -> int:
    """The bucket of a duration: floor(8 log2(ms)), negative below a millisecond."""
    return math.floor(BUCKETS_PER_OCTAVE * math.log2(max(ms, _LEAST_MS)))


def quantile(counts: Mapping[int, int], share: float) -> float | None:
    """The milliseconds that this share (0 to 1) stays within: the geometric middle of the bucket where it falls. None
    where nothing was counted."""
    total = sum(counts.values())
    if total <= 0:
        return None
    rank, seen = max(1, math.ceil(share * total)), 0
    for bucket in sorted(counts):
        seen += counts[bucket]
        if seen >= rank:
            return float(2 ** ((bucket + 0.5) / BUCKETS_PER_OCTAVE))
    return None


def merged(histograms: Iterable[Mapping[int, int]]) -> dict[int, int]:
    """Of several operations as of one."""
    total: dict[int, int] = {}
    for counts in histograms:
        for bucket, number in counts.items():
            total[bucket] = total.get(bucket, 0) + number
    return total
