"""Everything that can go wrong, as one tree.

    CardmakerError
    ├── InputError         the user's to mend: exit code 2, HTTP 4xx
    │   ├── SettingError   a setting has no such value, no unit, or is out of range
    │   ├── LayoutError    a card that fits no sheet, a slot that is not there, all slots skipped
    │   ├── DeckError      no cards, a back without a front, a back that could be two fronts'
    │   ├── ImageError     one card's image cannot be printed; names the card
    │   └── OutputError    the output cannot be written
    ├── Cancelled          the caller asked for it
    └── RenderFault        ours: what was made is not what was asked for; nothing is handed out

Messages say what, where and what to do, in one line.
"""

from __future__ import annotations


class CardmakerError(Exception):
    """Root of the tree. `code` is the stable name that programs read."""

    code = "error"


class InputError(CardmakerError):
    code = "input"


class SettingError(InputError):
    code = "setting"


class LayoutError(InputError):
    code = "layout"


class DeckError(InputError):
    code = "deck"


class ImageError(InputError):
    """`card` is the image's display name, `reason` what is wrong and what to do, without the name."""

    code = "image"

    def __init__(self, card: str, reason: str) -> None:
        super().__init__(f'"{one_line(card)}": {reason}')
        self.card = card
        self.reason = reason


class OutputError(InputError):
    code = "output"


class Cancelled(CardmakerError):
    code = "cancelled"


class RenderFault(CardmakerError):
    code = "fault"


def one_line(text: str) -> str:
    """Text that came from outside, safe to stand in a one-line message: no control characters."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
