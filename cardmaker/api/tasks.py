"""A deck as a task: handed in, looked after, fetched when it is done."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

from anyio import CapacityLimiter, to_thread
from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import Response

from cardmaker.api import answers, models, uploads
from cardmaker.api.admin import operator
from cardmaker.api.places import Places
from cardmaker.cache import Blob
from cardmaker.workbench import Task, Workbench

T = TypeVar("T")
_THREADS = 8


def routes(workbench: Workbench, places: Places) -> APIRouter:
    router = APIRouter(tags=["tasks"])
    threads = CapacityLimiter(_THREADS)

    async def ask(work: Callable[[], T]) -> T:
        return await to_thread.run_sync(work, limiter=threads)

    @router.post(
        "/tasks",
        summary="Images and settings in, a task out",
        status_code=202,
        response_model=models.Handed,
        responses={**models.HANDED, **models.errors(408, 413, 422, 503, 504)},
        openapi_extra=models.DECK_BODY,
    )
    async def submit_task(request: Request, query: Annotated[models.TaskQuery, Query()]) -> dict[str, Any]:
        """The same deck with the same settings is the same task while that is under way or its PDF is kept. Without a
        `queue`, large decks let others pass."""
        async with places.taken() as load:
            artwork, settings = await uploads.deck(request, workbench, load)
            task = await places.run(lambda _: workbench.submit(artwork, settings, queue=query.queue))
        return _handed(task, request)

    @router.get(
        "/tasks",
        summary="The tasks of late",
        tags=["operator"],
        response_model=models.Tasks,
        dependencies=[Depends(operator(workbench.settings))],
        responses=models.errors(503),
    )
    async def list_tasks(request: Request) -> dict[str, Any]:
        return {"tasks": [_told(task, request) for task in await ask(workbench.tasks)]}

    @router.get(
        "/tasks/{task_id}",
        summary="How far it is",
        response_model=models.TaskSaid,
        response_model_exclude_none=True,
        responses=models.errors(404, 503),
    )
    async def get_task(request: Request, task_id: str) -> dict[str, Any]:
        return _told(await ask(lambda: workbench.task(task_id)), request)

    @router.get(
        "/tasks/{task_id}/result",
        summary="Its PDF",
        response_class=Response,
        responses={**models.PDF, **models.errors(404, 409, 410, 503)},
    )
    async def task_result(task_id: str) -> Response:
        """409 until it is done, and when it failed; 410 when its PDF is no longer kept: retry it."""

        def both() -> tuple[Task, Blob]:
            return workbench.task(task_id), workbench.result(task_id)

        task, blob = await ask(both)
        headers = {"X-Cardmaker-Pages": str(task.pages), **({"X-Cardmaker-Cache": task.cache} if task.cache else {})}
        return answers.document(blob, task.layout or "cards", headers)

    @router.delete(
        "/tasks/{task_id}",
        summary="Cancel it",
        status_code=202,
        response_model=models.Handed,
        responses=models.errors(404, 503),
    )
    async def cancel_task(request: Request, task_id: str) -> dict[str, Any]:
        """One that is done stays done."""
        return _handed(await ask(lambda: workbench.cancel(task_id)), request)

    @router.post(
        "/tasks/{task_id}/retry",
        summary="Once more",
        status_code=202,
        response_model=models.Handed,
        responses={**models.HANDED, **models.errors(404, 409, 410, 503)},
    )
    async def retry_task(request: Request, task_id: str) -> dict[str, Any]:
        """The same deck as a new task, without sending it again; its `retry_of` is the old one."""
        return _handed(await ask(lambda: workbench.retry(task_id)), request)

    return router


def _handed(task: Task, request: Request) -> dict[str, Any]:
    return {"task_id": task.id, "state": task.state.value, "links": _links(task, request)}


def _links(task: Task, request: Request) -> dict[str, str]:
    own = f"{request.scope.get('root_path', '')}/tasks/{task.id}"
    return {"self": own, "result": f"{own}/result", "cancel": own, "retry": f"{own}/retry"}


def _told(task: Task, request: Request) -> dict[str, Any]:
    return {
        **_handed(task, request),
        "progress": min(1.0, max(0.0, task.progress)),
        "doing": task.doing,
        "cancelling": task.cancelling,
        "queue": task.queue.value,
        "runner": task.runner,
        "attempt": task.attempt,
        "created": _moment(task.created_s),
        "started": _moment(task.started_s),
        "finished": _moment(task.finished_s),
        "waited_s": task.waited_s,
        "ran_s": task.ran_s,
        "title": task.title,
        "layout": task.layout,
        "cards": task.cards,
        "pages": task.pages,
        "size": task.size,
        "cache": task.cache or None,
        "retry_of": task.retry_of or None,
        "retried_as": task.retried_as or None,
        "error": _error(task),
    }


def _error(task: Task) -> dict[str, str] | None:
    if not task.error_code:
        return None
    said = {"code": task.error_code, "message": task.error_message}
    return {**said, "card": task.error_card} if task.error_card else said


def _moment(seconds: float | None) -> str | None:
    """ISO 8601 in UTC."""
    return None if not seconds else datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
