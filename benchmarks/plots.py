"""Draws `benchmarks/growth.svg` from what `make bench ARGS="--full --json FILE"` kept:

python -m benchmarks.plots FILE
"""

from __future__ import annotations

import json
import statistics
import sys
from pathlib import Path

from reportlab.graphics import renderSVG
from reportlab.graphics.charts.lineplots import LinePlot
from reportlab.graphics.shapes import Drawing, String
from reportlab.lib.colors import HexColor

Points = list[tuple[float, float]]
WIDTH, HEIGHT = 720, 280
BLUE, GREY = HexColor("#2563eb"), HexColor("#4b5563")


def main(path: Path) -> None:
    kept = json.loads(path.read_text())
    counts = sorted(int(name.removeprefix("growth-")) for name in kept if name.startswith("growth-"))

    def points(what: str) -> Points:
        runs = (kept[f"growth-{count}"]["process"][what] for count in counts)
        return [(float(count), statistics.median(each)) for count, each in zip(counts, runs, strict=True)]

    drawing = Drawing(WIDTH, HEIGHT)
    _plot(drawing, 60, "seconds, whole process", points("wall_s"))
    _plot(drawing, 420, "MiB at the peak", points("peak_mib"))
    renderSVG.drawToFile(drawing, str(Path(__file__).with_name("growth.svg")))


def _plot(drawing: Drawing, x: int, title: str, points: Points) -> None:
    plot = LinePlot()
    plot.x, plot.y, plot.width, plot.height = x, 50, 270, 180
    plot.data = [points]
    plot.lines[0].strokeColor, plot.lines[0].strokeWidth = BLUE, 2
    plot.xValueAxis.valueMin = plot.yValueAxis.valueMin = 0
    plot.xValueAxis.valueMax = points[-1][0]
    plot.yValueAxis.valueMax = max(value for _, value in points) * 1.2
    plot.yValueAxis.labelTextFormat = "%.1f" if plot.yValueAxis.valueMax < 20 else "%.0f"
    drawing.add(plot)
    drawing.add(String(x, 245, title, fontName="Helvetica", fontSize=12, fillColor=GREY))
    drawing.add(String(x + 200, 12, "cards in the deck", fontName="Helvetica", fontSize=10, fillColor=GREY))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
