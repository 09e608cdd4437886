"""Fields of the form. A value that is wrong is said so where it was made, and until it is mended the last one that was
right stands in for it, so that nothing else is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cardmaker.errors import InputError
from pages import _ui

# Before the names under which the session remembers the last right values of fields.
RIGHT = "right "
Check = Callable[[Mapping[str, object]], object]


def said(settings: Mapping[str, object], name: str) -> str:
    """What a field shows of a setting; empty where it is not named."""
    value = settings.get(name)
    return "" if value is None else str(value).strip()


@dataclass
class Form:
    """The settings to use, and whether they are what the fields say."""

    settings: dict[str, object] = field(default_factory=dict)
    right: bool = True

    def take(self, values: Mapping[str, object], check: Check, trouble: DeltaGenerator | None = None) -> bool:
        """Takes values that pass their check; else says why not, here or in the `trouble` container, and takes the last
        ones that did, unless they too are wrong by now, on another sheet. Whether they passed."""
        memory, passed = RIGHT + " ".join(values), True
        try:
            check(values)
            st.session_state[memory] = values
        except InputError as error:
            (trouble or st).error(_ui.sentence(error), icon=":material/error:")
            self.right = passed = False
            values = st.session_state.get(memory, {})
            try:
                check(values)
            except InputError:
                values = {}
        self.settings.update(values)
        return passed


@dataclass
class Fold:
    """Fields that few people need. What is `set` there stands below; and so does what is wrong with them while they
    are folded, in `trouble`. None: it stands below its row."""

    trouble: DeltaGenerator | None
    set: list[str] = field(default_factory=list)

    def note(self, label: str, value: str) -> None:
        if value:
            self.set.append(f"{label} {value}")


@contextmanager
def fold(title: str, key: str) -> Iterator[Fold]:
    expander = st.expander(title, key=key, on_change="rerun")
    told, trouble = st.empty(), st.container()
    inside = Fold(None if expander.open else trouble)
    with expander:
        yield inside
    if inside.set:
        told.caption("Set: " + _ui.plain(", ".join(inside.set)))


def length(
    form: Form,
    key: str,
    label: str,
    placeholder: str,
    help_text: str,
    check: Check,
    *,
    below: DeltaGenerator,
    off: str | None = None,
    inside: Fold | None = None,
) -> None:
    """A length as it is typed; what is wrong with it stands in the container `below`. Where it has no effect now, `off`
    says why; what was typed stays for later."""
    text = st.text_input(
        label, key=key, placeholder=placeholder, help=off or help_text, disabled=bool(off), persist_state="session"
    ).strip()
    if off:
        return
    right = form.take({key: text}, check, (inside and inside.trouble) or below)
    if inside and right:
        inside.note(label.lower(), text)


def choice(
    form: Form,
    key: str,
    label: str,
    names: Mapping[str, str],
    help_text: str,
    *,
    default: str,
    off: str | None = None,
    inside: Fold | None = None,
) -> None:
    """One of a few values; none of them, and the default, leave the setting as it is by itself."""
    value = st.selectbox(
        label,
        [default, *names],
        key=key,
        format_func=lambda name: names.get(name, default),
        help=off or help_text,
        disabled=bool(off),
        persist_state="session",
    )
    if off or value not in names:
        return
    form.settings[key] = value
    if inside:
        inside.note(label.lower(), names[value].lower())
