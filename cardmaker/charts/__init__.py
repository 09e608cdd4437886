"""Metrics as Plotly figures. Backgrounds and fonts are the page's: figures bring marks and words alone.

Figures of a report have time on their horizontal axis, in UTC as Plotly takes it; a point of which nothing is known is
a gap.
"""

from cardmaker.charts.kept import kept
from cardmaker.charts.latency import latencies
from cardmaker.charts.served import served
from cardmaker.charts.tasks import task_times
from cardmaker.charts.throughput import throughput
from cardmaker.charts.trouble import TROUBLES, troubles

__all__ = ["TROUBLES", "kept", "latencies", "served", "task_times", "throughput", "troubles"]
