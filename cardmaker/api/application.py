"""The API as one application, put together from its routes."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.openapi.utils import get_openapi
from starlette.exceptions import HTTPException

import cardmaker
from cardmaker.api import admin, answers, cutfiles, docs, health, layouts, models, offsets, renders, tasks
from cardmaker.api.guard import Guard
from cardmaker.api.places import Places
from cardmaker.api.rates import Rates
from cardmaker.errors import CardmakerError
from cardmaker.workbench import Workbench

_ABOUT = """Decks of cards in, PDFs to print and files to cut out.

Errors are `{"error": {"code", "message", "card"?, "findings"?}}`: `code` for programs, `message` for people.
Every answer carries an `X-Request-Id`; send one of your own, and it is kept."""


def create(workbench: Workbench) -> FastAPI:
    """The API of that workbench, to be mounted under `/api`."""
    api = _Api(
        title="Cardmaker",
        version=cardmaker.__version__,
        description=_ABOUT,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        generate_unique_id_function=lambda route: route.name,
    )
    for kind in (CardmakerError, RequestValidationError):
        api.add_exception_handler(kind, answers.refusal)
    api.add_exception_handler(HTTPException, api.refused)
    places = Places(workbench.settings)
    for router in (
        health.routes(workbench, places),
        layouts.routes(),
        renders.routes(workbench, places),
        tasks.routes(workbench, places),
        cutfiles.routes(workbench),
        offsets.routes(workbench, places),
        admin.routes(workbench),
        docs.routes(api.openapi),
    ):
        api.include_router(router)
    rates = Rates(workbench.settings.rate_limit, workbench.link)
    api.add_middleware(Guard, settings=workbench.settings, rates=rates, took=workbench.metrics.took)
    return api


class _Api(FastAPI):
    def refused(self, request: Request, error: Exception) -> Response:
        """Starlette tells the verbs of one route; a path has several."""
        answer = answers.refusal(request, error)
        if answer.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
            verbs = self.openapi()["paths"].get(request.scope["route"].path, ())
            answer.headers["Allow"] = ", ".join(sorted({*map(str.upper, verbs), *answer.headers["Allow"].split(", ")}))
        return answer

    def openapi(self) -> dict[str, Any]:
        """With the schemas of bodies that the routes read themselves."""
        if not self.openapi_schema:
            schema = get_openapi(
                title=self.title, version=self.version, description=self.description, routes=self.routes
            )
            components = schema.setdefault("components", {})
            components.setdefault("schemas", {}).update(models.SCHEMAS)
            _in_our_words(schema)
            components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
            schema["security"] = [{}, {"token": []}]
            self.openapi_schema = schema
        return self.openapi_schema


def _in_our_words(schema: dict[str, Any]) -> None:
    """FastAPI says of each route with a parameter that it may fail in a form that is not ours."""
    for operations in schema["paths"].values():
        for operation in operations.values():
            for answer in operation["responses"].values():
                answer["description"] = answer["description"].replace("Successful Response", "Done")
            refused = operation["responses"].get("422", {}).get("content", {}).get("application/json", {})
            if refused.get("schema", {}).get("$ref", "").endswith("/HTTPValidationError"):
                del operation["responses"]["422"]
    for name in ("HTTPValidationError", "ValidationError"):
        schema["components"]["schemas"].pop(name, None)
