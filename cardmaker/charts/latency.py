"""How long things took: median and 95th percentile."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import plotly.graph_objects as go

from cardmaker.charts.frame import BLUE, GREEN, ORANGE, PINK, RED, SKY, laid_out, line
from cardmaker.metrics.histogram import quantile
from cardmaker.metrics.series import Slice
from cardmaker.metrics.view import Report

_COLOURS = (BLUE, ORANGE, GREEN, RED, PINK, SKY)
_SHARES = ((0.5, "solid"), (0.95, "dot"))


def latencies(report: Report, operations: Sequence[tuple[str, str]]) -> go.Figure:
    """In milliseconds, of operations and the words for them; the scale is logarithmic. The dotted line is the 95th
    percentile. What never happened in this time has no line."""
    figure = go.Figure()
    for (operation, words), colour in zip(operations, _COLOURS, strict=False):
        if not report.whole.calls(operation):
            continue
        for share, dash in _SHARES:
            name = words if share == _SHARES[0][0] else f"{words}, 95 %"
            trace = line(report, name, _quantile(operation, share), colour, "%{y:.3g} ms", dash=dash)
            is_median = share == _SHARES[0][0]
            trace.update(showlegend=is_median, legendgroup=words, opacity=1 if is_median else 0.55)
            figure.add_trace(trace if is_median else trace.update(line_width=1, marker_size=3))
    figure.update_yaxes(title_text="ms", type="log", dtick=1, tickformat="~r")
    return laid_out(figure, report)


def _quantile(operation: str, share: float) -> Callable[[Slice], float | None]:
    return lambda point: quantile(point.histogram(operation), share)
