"""What happened and how long it took, by the minute and the hour: counts, sums and histograms.

    recorder.add("hit_memory")             # under a microsecond or two, and no round trip
    recorder.took("pdf_compute", 41.5)     # milliseconds

A recorder buffers; its flusher hands the buffer on every two seconds and when the process ends, to Redis for all
to see and to a series in memory that says the same of this process alone.
"""

from cardmaker.metrics.histogram import bucket_of, quantile
from cardmaker.metrics.recorder import Recorder
from cardmaker.metrics.series import Event, Series, Slice

__all__ = ["Event", "Recorder", "Series", "Slice", "bucket_of", "quantile"]
