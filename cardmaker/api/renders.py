"""Images and settings in, the PDF out. Making it happens in a thread, so that other requests go on."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from cardmaker.api import answers, models, uploads
from cardmaker.api.places import Places, Stopped
from cardmaker.cache import Answer
from cardmaker.deck import Artwork
from cardmaker.errors import ImageError
from cardmaker.spec import RenderRequest
from cardmaker.workbench import Watch, Workbench


def routes(workbench: Workbench, places: Places) -> APIRouter:
    router = APIRouter(tags=["documents"])

    @router.post(
        "/render",
        summary="Images and settings in, the PDF out",
        response_class=Response,
        responses={**models.PDF, **models.errors(408, 413, 422, 429, 503, 504)},
        openapi_extra=models.DECK_BODY,
    )
    async def render(request: Request, _address: Annotated[models.NoQuery, Query()]) -> Response:
        """Fronts stand in upload order unless the settings say `"order": "natural"`. `X-Cardmaker-Cache` says whether
        the document was there already."""
        async with places.taken() as load:
            artwork, settings = await uploads.deck(request, workbench, load)

            def made(stopped: Stopped) -> tuple[RenderRequest, Answer]:
                wanted = workbench.request(artwork, settings)
                return wanted, _document(workbench, wanted, artwork, stopped)

            wanted, answer = await places.run(made)
        _, pages, _ = workbench.counts(wanted)
        return answers.document(answer.value, wanted.sheet.layout_name, answers.provenance(answer, pages))

    return router


def _document(workbench: Workbench, wanted: RenderRequest, artwork: Artwork, stopped: Stopped) -> Answer:
    try:
        return workbench.document(wanted, artwork, Watch(cancelled=stopped))
    except ImageError as error:
        raise answers.Unprintable(error, workbench.broken(wanted, artwork) or (error,)) from error
