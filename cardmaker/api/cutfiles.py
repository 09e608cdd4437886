"""Settings in, the cut file out."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response
from starlette.concurrency import run_in_threadpool

from cardmaker.api import models, uploads
from cardmaker.errors import SettingError
from cardmaker.workbench import CutKind, Workbench

_TYPES = {CutKind.DXF: "image/vnd.dxf", CutKind.SVG: "image/svg+xml"}


def routes(workbench: Workbench) -> APIRouter:
    router = APIRouter(tags=["documents"])

    @router.post(
        "/cutfile",
        summary="Settings in, the cut file out",
        response_class=Response,
        responses={**models.CUT, **models.errors(408, 413, 422)},
        openapi_extra=models.CUT_BODY,
    )
    async def cutfile(request: Request, _address: Annotated[models.NoQuery, Query()]) -> Response:
        """The settings are those of the document that it cuts; beside them `format`, dxf or svg, and
        `leave_out_skipped`, which does not cut skipped slots."""
        settings = await uploads.settings(request)
        kind, leave_out = _kind(settings.pop("format", "dxf")), settings.pop("leave_out_skipped", False)
        if not isinstance(leave_out, bool):
            raise SettingError("leave_out_skipped: write true or false")
        cut = await run_in_threadpool(workbench.cut, settings, kind, leave_out=leave_out)
        headers = {
            "Content-Disposition": f'attachment; filename="{cut.name}"',
            "X-Content-Type-Options": "nosniff",
            "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'",
        }
        return Response(cut.content, media_type=_TYPES[kind], headers=headers)

    return router


def _kind(text: object) -> CutKind:
    try:
        return CutKind(text)  # type: ignore[arg-type]  # whatever came is looked up
    except ValueError:
        raise SettingError("format: choose dxf or svg") from None
