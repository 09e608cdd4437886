"""A PDF and an offset in, the PDF moved out."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from cardmaker.api import answers, models, uploads
from cardmaker.api.places import Places, Stopped
from cardmaker.cache import Blob
from cardmaker.workbench import Workbench


def routes(workbench: Workbench, places: Places) -> APIRouter:
    router = APIRouter(tags=["documents"])

    @router.post(
        "/offset",
        summary="A PDF and an offset in, the PDF moved out",
        response_class=Response,
        responses={**models.MOVED, **models.errors(408, 413, 422, 429, 503, 504)},
        openapi_extra=models.OFFSET_BODY,
    )
    async def offset(request: Request, _address: Annotated[models.NoQuery, Query()]) -> Response:
        """Corrects a printer that puts ink beside its place. What is on the pages stays as it is: text is text, images
        are not touched. `pages` names those that are moved; all of them without it."""
        async with places.taken() as load:
            pdf, settings = await uploads.document(request, workbench, load)

            def made(stopped: Stopped) -> tuple[bytes, int]:
                return workbench.moved(pdf, settings, stopped)

            content, pages = await places.run(made)
        return answers.document(Blob.of(content), "moved", {"X-Cardmaker-Pages": str(pages)})

    return router
