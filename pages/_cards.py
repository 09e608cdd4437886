"""The cards: front images, a common back, own backs; or the sample deck."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from cardmaker.deck import Artwork, Deck
from cardmaker.errors import DeckError, InputError
from pages import _gallery, _project, _ui, _uploads
from pages._fields import Form
from pages._stack import Stack
from pages._uploads import Arrival


@dataclass(frozen=True, slots=True)
class Cards:
    """The deck, as far as it can be made, and its name. `trouble` is the place for what is wrong with its images,
    `saving` that of the button that saves all; `complete` unless something waits to be mended or decided. `names` are
    those of the fronts, `overrides` the settings of single cards; `version` is the stack's that they were laid from."""

    artwork: Artwork
    name: str
    trouble: DeltaGenerator
    saving: DeltaGenerator
    complete: bool = True
    names: frozenset[str] = frozenset()
    version: int = 0
    overrides: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


def ask() -> Cards | None:
    """The section where cards are dropped and listed; None while there is nothing to print."""
    stack, cards = _stack(), None
    with st.container(border=True):
        saving = _project.ask(stack)
        _ask_fronts(stack)
        # Whatever comes between stays in places that are always there: an uploader that moves loses what is on its way.
        trouble, listed = st.container(), st.container()
        with listed:
            if not stack.rows:
                st.caption("Drop images or a ZIP of them here. Their order, copies and backs are set afterwards.")
            if stack.is_sample:
                _say_sample(stack)
            if stack.rows:
                _gallery.look(stack)
                cards = _deck(stack, trouble, saving)
                _gallery.show(stack)
            elif stack.common or stack.backs:
                trouble.error("No front images. Give at least one.", icon=":material/error:")
        with st.expander("Backs", icon=":material/flip_to_back:"):
            _ask_backs(stack)
    return cards


def settle(cards: Cards, form: Form) -> None:
    """Puts the cards' own settings into the form's, as far as they go with this sheet; says which do not."""
    right: dict[str, Mapping[str, str]] = dict(cards.overrides)
    try:
        _ui.workbench().request(cards.artwork, {**form.settings, "overrides": right})
    except InputError:
        for name in cards.overrides:
            error = _misfit(cards, form, name)
            if error:
                cards.trouble.error(_ui.sentence(error), icon=":material/error:")
                form.right = False
                del right[name]
    if right:
        form.settings["overrides"] = right


def offer_project(cards: Cards, form: Form) -> None:
    """The button that saves the cards as they lie now, with the form's settings."""
    _project.save(_stack(), form, cards.saving)


def offer_sample() -> None:
    st.button("Try a sample deck", icon=":material/auto_awesome:", type="primary", on_click=_lay_sample)


def are_stale(cards: Cards) -> bool:
    """Whether something was changed in the list since."""
    return cards.version != _stack().version


def mark_broken(reasons: Mapping[str, str]) -> bool:
    """By digest, why images cannot be printed; whether that is news."""
    stack = _stack()
    if all(digest in stack.broken for digest in reasons):
        return False
    stack.broken |= reasons
    stack.version += 1
    return True


def set_knob(names: Collection[str], knob: str, value: str) -> None:
    """For the cards of those names alone."""
    stack = _stack()
    called = stack.names()
    for row in stack.rows:
        if called[row.id] in names:
            stack.set_knob(row, knob, value)
    _gallery.view().renew(stack)  # or what was typed there before would be taken again with the next cell


def merge_twins() -> None:
    _stack().merge_all()


def _misfit(cards: Cards, form: Form, name: str) -> InputError | None:
    """Why that card's own settings do not go with the form's."""
    deck = cards.artwork.deck
    alone = Artwork(Deck(tuple(card for card in deck.cards if card.name == name), deck.back), cards.artwork.images)
    try:
        _ui.workbench().request(alone, {**form.settings, "overrides": {name: cards.overrides[name]}})
    except InputError as error:
        return error
    return None


def _stack() -> Stack:
    stack: Stack = st.session_state.setdefault("stack", Stack())
    return stack


def _ask_fronts(stack: Stack) -> None:
    kinds = st.segmented_control(
        "Front images",
        ["Files or ZIP", "A folder"],
        key="kinds",
        default="Files or ZIP",
        required=True,
        persist_state="session",
    )

    def take(arrival: Arrival) -> None:
        if len(arrival.projects) == 1 and not (arrival.images or stack.rows or stack.backs or stack.common):
            _project.lay(stack, arrival.projects[0])  # which says itself what came of it
            _uploads.forget("fronts")
        if arrival.images:
            stack.add(arrival.images)
            stack.title = stack.title or arrival.title

    _uploads.place(
        "Front images", "fronts", take, kind="folder" if kinds == "A folder" else "many", label_visibility="collapsed"
    )


def _ask_backs(stack: Stack) -> None:
    def take_common(arrival: Arrival) -> None:
        if arrival.images:
            stack.lay_common(arrival.images[0])

    _uploads.place("One back for all cards", "back", take_common, kind="one", most_mb=_uploads.IMAGE_MB)
    with st.container():
        _gallery.show_common(stack)
    _uploads.place(
        "Own backs of single cards",
        "backs",
        lambda arrival: stack.add_backs(arrival.images),
        help="Named like their fronts, or elf-back.png. A back of another name is chosen in the list of cards.",
    )
    _gallery.show_backs(stack)


def _deck(stack: Stack, trouble: DeltaGenerator, saving: DeltaGenerator) -> Cards | None:
    """What can be printed; what cannot be is said, and waits for a decision."""
    with trouble:
        complete = _gallery.complain(stack)
    places = stack.places()
    try:
        artwork = _ui.workbench().arranged(places, stack.common)
    except DeckError as error:
        if places:  # else each of them has been named
            trouble.error(_ui.sentence(error), icon=":material/error:")
        return None
    names = frozenset(card.name for card in artwork.deck.cards)
    return Cards(artwork, stack.title or "deck", trouble, saving, complete, names, stack.version, stack.overrides())


def _say_sample(stack: Stack) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption("This is the sample deck.", width="content")
        st.button("Remove", key="sample-remove", on_click=stack.clear, icon=":material/close:", type="tertiary")


def _lay_sample() -> None:
    _stack().lay_sample(_ui.workbench().sample())
    _uploads.forget("fronts")
