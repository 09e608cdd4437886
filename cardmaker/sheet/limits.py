"""What the cutting software takes, and the ranges of a sheet's lengths."""

from __future__ import annotations

from cardmaker.errors import SettingError
from cardmaker.sheet.model import EPSILON_MM
from cardmaker.units import format_number

INSET_RANGE_MM = (10.0, 86.36)
THICKNESS_RANGE_MM = (0.5, 1.0)
LENGTH_RANGE_MM = (5.0, 20.0)


def check_range(what: str, value: float, limits: tuple[float, float]) -> None:
    """SettingError with the range when the value, in mm, lies beyond it."""
    low, high = limits
    if not low - EPSILON_MM <= value <= high + EPSILON_MM:
        raise SettingError(
            f"{what}: {format_number(value)} mm is out of range; it goes from {format_number(low)} to "
            f"{format_number(high)} mm"
        )
