"""What is cached: how large, and for how much longer."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from cardmaker.charts.frame import BLUE, HEIGHT_PX, SKY
from cardmaker.units import format_number

_BARS = 24
_UNITS = ((86_400.0, "days"), (3600.0, "hours"), (60.0, "minutes"), (1.0, "seconds"))


def kept(spread: Sequence[tuple[int, float]]) -> go.Figure:
    """Of bytes and seconds left of each key: how many of each size, in steps of the double, and how many end when."""
    figure = make_subplots(cols=2, horizontal_spacing=0.1)
    sizes = Counter(max(0, math.ceil(math.log2(max(1, size)))) for size, _ in spread)
    if sizes:
        powers = range(min(sizes), max(sizes) + 1)
        bars = go.Bar(x=[f"≤ {_bytes(power)}" for power in powers], y=[sizes[power] for power in powers])
        figure.add_trace(bars.update(marker_color=BLUE, hovertemplate="%{y:,} keys<extra>%{x}</extra>"), col=1, row=1)
        longest = max(left for _, left in spread) or 1.0
        unit_s, unit = next(each for each in _UNITS if longest >= each[0] or each[0] == 1.0)
        step = longest / unit_s / _BARS
        ends = Counter(min(_BARS - 1, int(left / unit_s / step)) for _, left in spread)
        bars = go.Bar(x=[(number + 0.5) * step for number in range(_BARS)], y=[ends[n] for n in range(_BARS)])
        figure.add_trace(
            bars.update(marker_color=SKY, hovertemplate="%{y:,} keys<extra>%{x:.1f}</extra>"), col=2, row=1
        )
        figure.update_xaxes(title_text=f"{unit} left", rangemode="tozero", col=2)
    figure.update_xaxes(title_text="size", col=1)
    figure.update_yaxes(title_text="keys", col=1)
    figure.update_layout(height=HEIGHT_PX, margin={"l": 8, "r": 8, "t": 8, "b": 8}, showlegend=False, bargap=0.15)
    return figure


def _bytes(power: int) -> str:
    unit, step = next((unit, step) for unit, step in (("MiB", 20), ("KiB", 10), ("B", 0)) if power >= step)
    return f"{format_number(2.0 ** (power - step), 0)} {unit}"
