"""The OpenAPI document as a page: no scripts, nothing from elsewhere, so that it works offline."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from html import escape
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

Document = Mapping[str, Any]

_STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
section { border-top: 1px solid #8888; margin-top: 2rem; }
h2 code { font-size: 1.1rem; } .verb { color: #0f766e; font-weight: 700; }
table { border-collapse: collapse; width: 100%; margin: 1rem 0; table-layout: fixed; }
th:first-child { width: 13rem; } th:nth-child(2) { width: 50%; }
td, th { text-align: left; vertical-align: top; padding: .2rem .8rem .2rem 0; }
pre { overflow-x: auto; background: #8881; padding: .6rem; }
@media (prefers-color-scheme: dark) { .verb { color: #2dd4bf; } }
"""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"


def routes(openapi: Callable[[], Document]) -> APIRouter:
    router = APIRouter()

    @router.get("/docs", include_in_schema=False)
    async def docs(request: Request) -> HTMLResponse:
        page = "".join(_page(openapi(), request.scope.get("root_path", "")))
        return HTMLResponse(page, headers={"Content-Security-Policy": _POLICY, "X-Content-Type-Options": "nosniff"})

    return router


def _text(plain: str) -> str:
    """As HTML; what stands between backticks is code."""
    return re.sub(r"`([^`]*)`", r"<code>\1</code>", escape(plain))


def _page(document: Document, root: str) -> Iterator[str]:
    info = document["info"]
    title = f"{escape(info['title'])} {escape(info['version'])}"
    yield f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title><style>{_STYLE}</style>'
    yield f"<h1>{title}</h1>"
    yield from (f"<p>{_text(text)}</p>" for text in info.get("description", "").split("\n\n"))
    yield f'<p>As a document for programs: <a href="{escape(root)}/openapi.json">openapi.json</a></p>'
    for path, operations in document["paths"].items():
        for verb, operation in operations.items():
            yield from _operation(verb, root + path, operation)
    for name, schema in document["components"]["schemas"].items():
        yield from _schema(name, schema)


def _operation(verb: str, path: str, operation: Document) -> Iterator[str]:
    yield f'<section><h2><code><span class="verb">{escape(verb.upper())}</span> {escape(path)}</code></h2>'
    yield f"<p><b>{_text(operation.get('summary', ''))}.</b> {_text(operation.get('description', ''))}</p>"
    rows = [(each["name"], each["in"], _kind(each["schema"])) for each in operation.get("parameters", ())]
    if rows:
        yield from _table(("parameter", "in", "value"), rows)
    for kind, body in operation.get("requestBody", {}).get("content", {}).items():
        yield f"<p>Body: <code>{escape(kind)}</code> {_kind(body['schema'])}</p>"
        fields = body["schema"].get("properties", {})
        if fields:
            yield from _table(("field", "value", ""), _fields(fields))
        if "example" in body:
            yield _json(body["example"])
    answers = [(status, _text(each["description"]), _answer(each)) for status, each in operation["responses"].items()]
    yield from _table(("answer", "", ""), answers)
    yield "</section>"


def _answer(answer: Document) -> str:
    return "<br>".join(
        f"{escape(kind)} {_kind(each.get('schema', {}))}" for kind, each in answer.get("content", {}).items()
    )


def _schema(name: str, schema: Document) -> Iterator[str]:
    yield f'<section id="{escape(name)}"><h2>{escape(name)}</h2>'
    if schema.get("properties"):
        yield from _table(("field", "value", ""), _fields(schema["properties"]))
    for example in schema.get("examples", ()):
        yield _json(example)
    yield "</section>"


def _fields(properties: Document) -> list[tuple[str, str, str]]:
    return [(name, _kind(each), _text(each.get("description", ""))) for name, each in properties.items()]


def _kind(schema: Document) -> str:
    """As HTML."""
    if "$ref" in schema:
        name = escape(schema["$ref"].rpartition("/")[2])
        return f'<a href="#{name}">{name}</a>'
    if "enum" in schema:
        return " | ".join(escape(json.dumps(value)) for value in schema["enum"])
    if "anyOf" in schema:
        return " or ".join(map(_kind, schema["anyOf"]))
    kinds = "file" if schema.get("format") == "binary" else schema.get("type", "")
    text = escape(" or ".join(kinds) if isinstance(kinds, list) else kinds)
    if "items" in schema:
        text += f" of {_kind(schema['items'])}"
    examples = ", ".join(escape(json.dumps(each)) for each in schema.get("examples", ()))
    return f"{text}, such as {examples}" if examples else text


def _table(heads: tuple[str, str, str], rows: list[tuple[str, str, str]]) -> Iterator[str]:
    """Of rows whose first cell is text and whose others are HTML."""
    yield f"<table><tr>{''.join(f'<th>{escape(head)}</th>' for head in heads)}</tr>"
    for name, *cells in rows:
        yield f"<tr><td><code>{escape(name)}</code></td>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
    yield "</table>"


def _json(value: object) -> str:
    return f"<pre>{escape(json.dumps(value, indent=2))}</pre>"
