"""Findings: what a person should know about a document before it is printed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from cardmaker import markup

_NAMED_TOGETHER = 3
_COLOURS = {"error": "#D55E00", "warning": "#E69F00", "note": "#56B4E9"}


class Severity(StrEnum):
    """An error stops the print, a warning shows on the cards, a note is good to know."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Finding:
    """`code` is the stable name that programs read, `message` says what and what to do. `card` is the display
    name of the card it is about, `slots` those that skipping would cure, `value` the number it is about, whose unit
    goes with the code. `shared` is what is said of several cards at once, after their number."""

    code: str
    message: str
    card: str | None = None
    slots: tuple[int, ...] = ()
    severity: Severity = Severity.NOTE
    value: float | None = None
    shared: str = field(default="", compare=False, repr=False)

    def as_json(self) -> dict[str, Any]:
        """For programs: every field but the wording for several."""
        return {
            "severity": self.severity,
            "code": self.code,
            "message": self.message,
            "card": self.card,
            "value": self.value,
            "slots": list(self.slots),
        }


class Findings(tuple[Finding, ...]):
    """Findings that show as a table in a notebook."""

    __slots__ = ()

    def _repr_html_(self) -> str:
        if not self:
            return markup.facts(["nothing to say: no findings"])
        told = summarised(self)
        rows = [(each.severity.value, each.card or "", each.message, each.code) for each in told]
        return markup.table(("", "card", "what", "code"), rows, [_COLOURS[each.severity] for each in told])


def has_errors(findings: Iterable[Finding]) -> bool:
    return any(finding.severity is Severity.ERROR for finding in findings)


def summarised(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """For people: what is said of more than three cards becomes one finding about all of them, in the place of the
    first. Errors stay one by one."""
    alike: dict[tuple[str, Severity, str], list[Finding]] = {}
    order: list[list[Finding]] = []
    for finding in findings:
        if not finding.shared or finding.severity is Severity.ERROR:
            order.append([finding])
            continue
        key = finding.code, finding.severity, finding.shared
        if key not in alike:
            alike[key] = []
            order.append(alike[key])
        alike[key].append(finding)
    return tuple(told for group in order for told in _told(group))


def _told(group: list[Finding]) -> list[Finding]:
    if len(group) <= _NAMED_TOGETHER:
        return group
    names = ", ".join(f'"{finding.card}"' for finding in group[:_NAMED_TOGETHER])
    return [replace(group[0], message=f"{len(group)} images {group[0].shared}: {names} ...", card=None, value=None)]
