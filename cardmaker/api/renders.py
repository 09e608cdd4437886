"""Images and settings in, the PDF out. Making it happens in a thread, so that other requests go on."""

from __future__ import annotations

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from cardmaker.api import answers, uploads
from cardmaker.workbench import Workbench

_RENDERS = 24


def routes(workbench: Workbench) -> APIRouter:
    router = APIRouter()
    renders = CapacityLimiter(_RENDERS)

    @router.post("/render", response_class=Response)
    async def render(request: Request) -> Response:
        artwork, settings = await uploads.deck(request, workbench)
        wanted = await run_in_threadpool(workbench.request, artwork, settings)
        answer = await to_thread.run_sync(workbench.document, wanted, artwork, limiter=renders)
        _, pages, _ = workbench.counts(wanted)
        return answers.document(answer, wanted, pages)

    return router
