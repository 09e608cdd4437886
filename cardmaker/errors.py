"""Everything that can go wrong, as one tree.

    CardmakerError
    ├── InputError         the user's to mend: exit code 2, HTTP 4xx
    │   ├── SettingError   a setting has no such value, no unit, or is out of range
    │   ├── LayoutError    a card that fits no sheet, a slot that is not there, all slots skipped
    │   ├── DeckError      no cards, a back without a front, a back that could be two fronts'
    │   ├── ImageError     one card's image cannot be printed; names the card
    │   ├── DocumentError  a PDF that was sent cannot be read or changed
    │   ├── ProjectError   a saved project cannot be opened, or has more in it than can be saved
    │   ├── OutputError    the output cannot be written
    │   └── TaskError      a task that cannot do this now
    │       ├── UnknownTask   there is none of that id, or it was long ago
    │       └── TaskGone      what it made, or was to be made of, is no longer kept
    ├── Cancelled          the caller asked for it
    ├── Busy               too much at once; later it may work
    ├── StoreError         Redis did not do it: nobody's request fails because of it
    │   ├── StoreAway      it does not answer, or is not asked at the moment
    │   ├── StoreRefused   it does not let us in, or not do this
    │   ├── StoreFull      it has no room
    │   └── StoreMisfit    what lies under the key is not ours
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
    """`card` is the image's display name, `reason` what is wrong and what to do, without the name. `image` is the
    image's digest where it is known: by it others find their own name for it."""

    code = "image"

    def __init__(self, card: str, reason: str, image: str | None = None) -> None:
        super().__init__(f'"{one_line(card)}": {reason}')
        self.card = card
        self.reason = reason
        self.image = image


class DocumentError(InputError):
    code = "document"


class ProjectError(InputError):
    """`name` is the file's or the deck's, `reason` what is wrong and what to do, without the name."""

    code = "project"

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f'"{one_line(name)}": {reason}')
        self.name = name
        self.reason = reason


class OutputError(InputError):
    code = "output"


class TaskError(InputError):
    code = "task"


class UnknownTask(TaskError):
    code = "unknown-task"


class TaskGone(TaskError):
    code = "task-gone"


class Cancelled(CardmakerError):
    code = "cancelled"


class Busy(CardmakerError):
    code = "busy"


class StoreError(CardmakerError):
    """Says what Redis did, never where it is."""

    code = "store"


class StoreAway(StoreError):
    code = "store-away"


class StoreRefused(StoreError):
    code = "store-refused"


class StoreFull(StoreError):
    code = "store-full"


class StoreMisfit(StoreError):
    code = "store-misfit"


class RenderFault(CardmakerError):
    code = "fault"


def one_line(text: str) -> str:
    """Text that came from outside, safe to stand in a one-line message: no control characters."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text)
