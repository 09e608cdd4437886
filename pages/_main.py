"""The frame of every page, and the one list of them."""

import streamlit as st

from pages import _ui

st.set_page_config(page_title="Cardmaker", page_icon=":material/playing_cards:", layout="wide")
_ui.style()
st.navigation(
    [st.Page("sheet.py", title="Cards to PDF", icon=":material/grid_view:", default=True)], position="top"
).run()
