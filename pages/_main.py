"""The frame of every page, and the one list of them."""

from pathlib import Path

import streamlit as st

from pages import _ui

# A file of ours: Streamlit would fetch a Material symbol for the tab from elsewhere.
st.set_page_config(page_title="Cardmaker", page_icon=str(Path(__file__).with_name("icon.png")), layout="wide")
_ui.style()
st.navigation(
    [
        st.Page("sheet.py", title="Cards to PDF", icon=":material/grid_view:", default=True),
        st.Page("tasks.py", title="Tasks", icon=":material/hourglass_top:"),
        st.Page("dashboard.py", title="Dashboard", icon=":material/monitoring:"),
    ],
    position="top",
).run()
