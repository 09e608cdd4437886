"""The list of cards: a table to look at, to set single cards in, and to pick from for all that is done to several."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import streamlit as st

from cardmaker.deck import MAX_COPIES
from cardmaker.errors import ImageError, InputError
from cardmaker.spec import Fit, Turn
from pages import _table, _ui, _uploads
from pages._stack import Order, Row, Stack

_NAMED = 3
_TOLD = 6
# What can be set for several cards, and the key of its field.
_MANY = {column: f"many {column}" for column in ("quantity", "fit", "crop", "source_bleed", "rotate", "back")}


@dataclass
class View:
    """What a session sees of its stack. `pictures` are addresses of thumbnails by the image's digest; `complaints` are
    about cells, by card and column; `refused` says why nothing was set for several cards; another `turn` makes the
    table forget what was typed into it."""

    pictures: dict[str, str] = field(default_factory=dict)
    chosen: set[int] = field(default_factory=set)
    complaints: dict[tuple[int, str], str] = field(default_factory=dict)
    refused: str = ""
    turn: int = 0
    shown: tuple[int, ...] = ()
    version: int = -1

    def renew(self, stack: Stack) -> None:
        """The table is as the stack is; what was wrong in it is gone with what was typed."""
        self.turn += 1
        if self.complaints:
            self.complaints.clear()
            stack.version += 1


def view() -> View:
    view: View = st.session_state.setdefault("gallery", View())
    return view


def look(stack: Stack) -> None:
    """Makes the thumbnails that are not there yet; an image that has none cannot be printed."""
    pictures = view().pictures
    new = {s.digest: s for s in stack.images() if s.digest not in pictures and s.digest not in stack.broken}
    if not new:
        return
    with st.empty():
        bar = st.progress(0.0, "Looking at the images")
        found = _ui.workbench().thumbnails(
            [*new.values()], lambda done, doing: bar.progress(done, f"Looking at {doing}")
        )
        bar.empty()
    for digest, thumbnail in found.items():
        if isinstance(thumbnail, ImageError):
            stack.broken[digest] = thumbnail.reason
        else:
            pictures[digest] = "data:image/jpeg;base64," + base64.b64encode(thumbnail).decode()
    stack.version += 1


def complain(stack: Stack) -> bool:
    """Says what is wrong and what can be done; whether the deck is complete, or the person wants it as it is."""
    unprintable, names = stack.unprintable(), stack.names()
    pending = [(row, why) for row, why in unprintable if row.id not in stack.forgiven]
    if pending:
        lines = _listed([f"**{_ui.plain(names[row.id])}** {_ui.plain(why)}" for row, why in pending])
        st.error(f"{_ui.count(len(pending), 'image')} cannot be printed:\n\n{lines}", icon=":material/broken_image:")
        with st.container(horizontal=True):
            ids = [row.id for row, _ in pending]
            _button(stack, "Remove them", lambda: stack.remove(ids), icon=":material/delete:")
            if len(unprintable) < len(stack.rows):
                _button(stack, "Print without them", stack.forgive, icon=":material/print_disabled:")
    elif unprintable:
        st.warning(f"{_ui.count(len(unprintable), 'card')} that cannot be printed will be missing.")
    lost = stack.lost_backs()
    if lost:
        lines = _listed([_ui.sentence(why) for _, why in lost])
        st.error(
            f"{_ui.count(len(lost), 'back')} without a card. Choose it for a card in the list, or remove it:"
            f"\n\n{lines}",
            icon=":material/flip_to_back:",
        )
        _button(stack, "Remove these backs", stack.remove_lost_backs, icon=":material/delete:")
    for message in view().complaints.values():
        st.error(_ui.sentence(message), icon=":material/error:")
    return not (pending or lost or view().complaints)


def _listed(lines: Sequence[str]) -> str:
    """The first few, and how many more there are."""
    told = [*lines[:_TOLD], *([f"{len(lines) - _TOLD} more"] if len(lines) > _TOLD else [])]
    return "\n".join(f"- {line}" for line in told)


def show(stack: Stack) -> None:
    """The list with its tools. A pick runs this part alone; what changes the deck runs the page."""
    view().version = stack.version
    _show(stack)


@st.fragment
def _show(stack: Stack) -> None:
    seen, ids = view(), tuple(row.id for row in stack.ordered())
    if stack.version != seen.version:
        st.rerun()
    if ids != seen.shown:
        seen.shown = ids
        seen.turn += 1
        seen.complaints.clear()
    seen.chosen &= {*ids}
    # From the left: the table's own tools appear at its right corner, above it.
    with st.container(horizontal=True, vertical_alignment="bottom"):
        _ask_order(stack)
        with st.container(horizontal=True, width="content", gap="small"):
            _picks(stack)
    _table.show(stack, seen.pictures, seen.chosen, key=f"cards {seen.turn}", on_change=_edited)
    _tools(stack)
    _twins(stack)


def show_common(stack: Stack) -> None:
    image = stack.common
    if image is None:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(_ui.plain(image.name), width="content")
        _button(stack, "Remove back", lambda: stack.lay_common(None), key="back-remove", icon=":material/close:")


def show_backs(stack: Stack) -> None:
    if not stack.backs:
        return
    paired = len(stack.backs) - len(stack.lost_backs())
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"{paired} of {_ui.count(len(stack.backs), 'own back')} have their card.", width="content")
        _button(stack, "Remove own backs", stack.remove_backs, key="backs-remove", icon=":material/close:")


def _ask_order(stack: Stack) -> None:
    key = f"order {stack.order}"  # moved by hand, another is chosen here

    def change() -> None:
        stack.arrange(Order(st.session_state[key]))

    orders = list(Order)
    st.selectbox("Order", orders, orders.index(stack.order), key=key, on_change=change, width=150)


def _picks(stack: Stack) -> None:
    def pick(ids: Sequence[int]) -> None:
        view().chosen = {*ids}
        view().renew(stack)

    rows = stack.ordered()
    troubled = [row.id for row, _ in stack.unprintable()]
    copies = [row.id for rows in stack.twins() for row in rows[1:]]
    st.button(
        "All", key="pick-all", on_click=pick, args=([row.id for row in rows],), type="tertiary", help="Select all"
    )
    st.button("None", key="pick-none", on_click=pick, args=([],), type="tertiary", help="Select none")
    if troubled:
        st.button("Broken", key="pick-broken", on_click=pick, args=(troubled,), type="tertiary")
    if copies:
        st.button("Copies", key="pick-copies", on_click=pick, args=(copies,), type="tertiary")


def _edited(stack: Stack, key: str) -> None:
    """Takes what was typed into the table; what is wrong is said, and the last right value stays."""
    seen = view()
    for position, cells in st.session_state[key]["edited_rows"].items():
        row = stack.row(seen.shown[int(position)])
        if row:
            for column, value in cells.items():
                _edit(stack, row, column, value)


def _edit(stack: Stack, row: Row, column: str, value: object) -> None:
    seen = view()
    if column == "chosen":
        (seen.chosen.add if value else seen.chosen.discard)(row.id)
        return
    cell = row.id, column
    try:
        _table.put(stack, row, column, value)
    except InputError as error:
        message = f"{stack.names()[row.id]}: {error}"
        if seen.complaints.get(cell) != message:
            seen.complaints[cell] = message
            stack.version += 1
    else:
        seen.complaints.pop(cell, None)


def _chosen(stack: Stack) -> list[int]:
    """In the order of the cards."""
    return [row.id for row in stack.ordered() if row.id in view().chosen]


def _tools(stack: Stack) -> None:
    """What is done to the chosen cards: those that are when a button is pressed, which can be before it is drawn for
    the last tick."""
    chosen = _chosen(stack)
    none = "Select cards in the list first." if not chosen else None
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.caption(f"{len(chosen)} of {len(stack.rows)} selected", width="content")
        with st.popover("Set", icon=":material/tune:", disabled=not chosen, help=none):
            _ask_many(stack, len(chosen))
        _button(stack, "Up", lambda: stack.shift(_chosen(stack), -1), icon=":material/arrow_upward:", off=none)
        _button(stack, "Down", lambda: stack.shift(_chosen(stack), 1), icon=":material/arrow_downward:", off=none)
        single = none or ("Select one card alone." if len(chosen) > 1 else None)
        with st.popover("Replace", icon=":material/swap_horiz:", disabled=bool(single), help=single):
            _replace(stack, chosen[0] if chosen else None)
        _button(stack, "Remove selected", lambda: stack.remove(_chosen(stack)), icon=":material/delete:", off=none)


def _ask_many(stack: Stack, count: int) -> None:
    backs, as_it_is = [_table.COMMON_BACK, *_table.back_names(stack).values()], "as it is"
    with st.form("set-many", border=False):
        st.number_input("Quantity", 0, MAX_COPIES, value=None, placeholder=as_it_is, key=_MANY["quantity"])
        st.selectbox("Fit", [_table.AS_ALL, *Fit], index=None, placeholder=as_it_is, key=_MANY["fit"])
        st.text_input("Crop", placeholder="as it is, or 1mm", key=_MANY["crop"])
        st.text_input("Source bleed", placeholder="as it is, 0.12in or auto", key=_MANY["source_bleed"])
        st.selectbox("Rotate", [_table.AS_ALL, *Turn], index=None, placeholder=as_it_is, key=_MANY["rotate"])
        st.selectbox("Back", backs, index=None, placeholder=as_it_is, key=_MANY["back"])
        st.form_submit_button(f"Set for {_ui.count(count, 'card')}", type="primary", on_click=_set_many, args=(stack,))
    if view().refused:
        st.error(_ui.sentence(view().refused), icon=":material/error:")


def _set_many(stack: Stack) -> None:
    seen, wanted = view(), {column: st.session_state.get(key) for column, key in _MANY.items()}
    seen.refused = ""
    try:
        with stack.all_or_nothing():
            for column, value in wanted.items():
                for row in map(stack.row, _chosen(stack)) if value not in (None, "") else ():
                    if row:
                        _table.put(stack, row, column, value)
    except InputError as error:
        seen.refused = str(error)
    else:
        seen.renew(stack)


def _replace(stack: Stack, chosen: int | None) -> None:
    row = stack.row(chosen) if chosen is not None else None
    if row is None:
        return

    def take(arrival: _uploads.Arrival) -> None:
        if arrival.images:
            stack.replace(row, arrival.images[0])
            view().renew(stack)

    st.caption(f"Another image for {_ui.plain(stack.names()[row.id])}; what was set for the card stays.")
    _uploads.place("New image", f"replace-{row.id}", take, kind="one", label_visibility="collapsed")


def _twins(stack: Stack) -> None:
    twins, names = stack.twins(), stack.names()
    for rows in twins[:_NAMED]:
        _tell_twins(stack, rows, names)
    if len(twins) > _NAMED:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(f"{len(twins) - _NAMED} more images came more than once.", width="stretch")
            _button(stack, "Merge all", stack.merge_all, icon=":material/merge:")


def _tell_twins(stack: Stack, rows: Sequence[Row], names: Mapping[int, str]) -> None:
    total = sum(row.quantity for row in rows)
    listed = ", ".join(_ui.plain(names[row.id]) for row in rows[:_NAMED]) + (" ..." if len(rows) > _NAMED else "")
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f":material/content_copy: The same image: {listed}", width="stretch")
        _button(
            stack,
            f"Merge into one, {total} ×",
            lambda: stack.merge(rows),
            key=f"merge-{rows[0].id}",
            icon=":material/merge:",
        )


def _button(
    stack: Stack,
    label: str,
    act: Callable[[], object],
    *,
    key: str | None = None,
    icon: str | None = None,
    off: str | None = None,
) -> None:
    """A button that changes the stack; when it is `off`, that says why."""

    def press() -> None:
        act()
        view().renew(stack)

    st.button(label, key=key or label, on_click=press, icon=icon, disabled=bool(off), help=off, type="tertiary")
