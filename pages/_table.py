"""The table of cards: its columns, and how what is written in a cell becomes a card's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pandas as pd
import streamlit as st

from cardmaker.deck import MAX_COPIES, told_apart
from cardmaker.errors import DeckError, one_line
from cardmaker.spec import Fit, Turn
from pages._stack import COMMON, KNOBS, Row, Stack

AS_ALL = "as all"
COMMON_BACK = "common"
# Copies and state come first: they are in sight in a narrow window too, where the picture tells the card.
_ORDER = ("chosen", "picture", "quantity", "state", "name", "back", "place", *KNOBS)
_ROW_PX, _HEAD_PX, _ROWS = 56, 36, 7
# A card crossed out, in the red of errors.
_BROKEN = (
    "data:image/svg+xml;utf8,<svg xmlns='http://www.w3.org/2000/svg' width='40' height='56'>"
    "<rect x='1' y='1' width='38' height='54' rx='4' fill='none' stroke='%23dc2626' stroke-width='2'/>"
    "<path d='M10 18L30 38M30 18L10 38' stroke='%23dc2626' stroke-width='3'/></svg>"
)


def show(
    stack: Stack,
    pictures: Mapping[str, str],
    chosen: set[int],
    *,
    key: str,
    on_change: Callable[[Stack, str], None],
) -> None:
    config = st.column_config
    backs = back_names(stack)
    table = _frame(stack, pictures, chosen, backs)
    st.data_editor(
        table,
        key=key,
        on_change=on_change,
        args=(stack, key),
        hide_index=True,
        row_height=_ROW_PX,
        height=_HEAD_PX + _ROW_PX * min(len(table), _ROWS),
        placeholder="",
        alt="Cards of the deck, editable",
        column_order=_ORDER,
        column_config={
            "chosen": config.CheckboxColumn("", help="Select, for what is done to several", width=36, pinned=True),
            "picture": config.ImageColumn("", width=50, pinned=True),
            "place": config.NumberColumn(
                "No.", help="Write another number to move the card", width=70, min_value=1, step=1, format="%d"
            ),
            "name": config.TextColumn("Card", disabled=True, width=163),
            "quantity": config.NumberColumn("Copies", min_value=0, max_value=MAX_COPIES, step=1, width=80, format="%d"),
            "back": config.SelectboxColumn("Back", options=[COMMON_BACK, *backs.values()], width=110),
            "state": config.TextColumn("State", disabled=True, width=70),
            "fit": config.SelectboxColumn(
                "Fit", options=[*Fit], format_func=_words, width=80, help="Empty: as for all cards"
            ),
            "crop": config.TextColumn("Crop", help="Such as 1mm. Empty: as for all cards", width=80),
            "source_bleed": config.TextColumn(
                "Source bleed", help="Such as 0.12in, or auto. Empty: as for all cards", width=100
            ),
            "rotate": config.SelectboxColumn(
                "Rotate", options=[*Turn], format_func=_degrees, width=80, help="Clockwise. Empty: as for all cards"
            ),
        },
    )


def put(stack: Stack, row: Row, column: str, value: object) -> None:
    """Takes what a cell says. Raises DeckError or SettingError."""
    if column == "quantity":
        stack.set_quantity(row, value)
    elif column == "place":
        if not isinstance(value, int):
            raise DeckError("number: write the place where the card shall stand")
        stack.move([row.id], value - 1)
    elif column == "back":
        named = {name: back for back, name in back_names(stack).items()}
        stack.set_back(row, named.get(str(value), COMMON) if value else None)
    elif column in KNOBS:
        text = str(value or "").strip()
        stack.set_knob(row, column, "" if text == AS_ALL else text)


def back_names(stack: Stack) -> dict[int, str]:
    """Of the own backs, by id, each name only once."""
    names = told_apart([COMMON_BACK, *(one_line(back.image.name) for back in stack.backs)])[1:]
    return {back.id: name for back, name in zip(stack.backs, names, strict=True)}


def _frame(stack: Stack, pictures: Mapping[str, str], chosen: set[int], backs: Mapping[int, str]) -> pd.DataFrame:
    rows, names, own = stack.ordered(), stack.names(), stack.backs_by_row()
    twins = {row.id: names[alike[0].id] for alike in stack.twins() for row in alike[1:]}
    common = COMMON_BACK if stack.common else None

    def state(row: Row) -> str:
        trouble = stack.trouble_with(row, own.get(row.id))
        if trouble:
            return one_line(trouble)
        return f"same as {one_line(twins[row.id])}" if row.id in twins else "ok"

    def texts(values: list[str | None]) -> pd.Series:
        return pd.Series(values, dtype="str", index=index)

    index = [row.id for row in rows]
    return pd.DataFrame(
        {
            "chosen": pd.Series([row.id in chosen for row in rows], dtype="bool", index=index),
            "picture": texts([pictures.get(row.image.digest, _BROKEN) for row in rows]),
            "place": pd.Series(range(1, len(rows) + 1), dtype="int64", index=index),
            "name": texts([one_line(names[row.id]) for row in rows]),
            "quantity": pd.Series([row.quantity for row in rows], dtype="int64", index=index),
            "back": texts([backs[own[row.id].id] if row.id in own else common for row in rows]),
            "state": texts([state(row) for row in rows]),
            **{knob: texts([row.knobs.get(knob) for row in rows]) for knob in KNOBS},
        }
    )


def _words(fit: object) -> str:
    return str(fit).capitalize()


def _degrees(turn: object) -> str:
    return f"{turn}°"
