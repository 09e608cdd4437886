"""The API as one application, put together from its routes."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.exceptions import HTTPException

import cardmaker
from cardmaker.api import answers, health, renders
from cardmaker.errors import CardmakerError
from cardmaker.workbench import Workbench


def create(workbench: Workbench) -> FastAPI:
    """The API of that workbench."""
    api = FastAPI(title="Cardmaker", version=cardmaker.__version__, docs_url=None, redoc_url=None)
    for kind in (CardmakerError, HTTPException, Exception):
        api.add_exception_handler(kind, answers.refusal)
    for routes in (health.routes, renders.routes):
        api.include_router(routes(workbench))
    return api
