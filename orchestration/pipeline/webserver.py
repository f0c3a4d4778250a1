"""``python -m orchestration.pipeline.webserver``: Dagster's webserver, which takes orders from its own pages only.

A browser sends what any web page tells it to send, with the login that it has, to any address that it can reach. So a
request whose Host, Origin or Sec-Fetch-Site is another site's is refused, and GraphQL is read from JSON bodies only:
Dagster itself would take a mutation out of a link. A link from elsewhere (an alert, a mail) may open a page. Programs
that are no browsers send none of these headers, and are held by the login in front (``deploy/``) or by loopback.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from dagster_webserver import app, cli
from dagster_webserver.webserver import DagsterWebserver
from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse

from orchestration.base.settings import Settings
from orchestration.pipeline.pages import page_routes

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
_JSON = ("application/json", "application/graphql")


def refusal(ui_url: str, method: str, path: str, headers: Mapping[str, str]) -> str:
    """Why a request is refused; empty where it is not. ``ui_url``: where people look at the pages."""
    own = urlsplit(ui_url)
    host = headers.get("host", "")
    if urlsplit(f"//{host}").hostname not in _LOOPBACK | {own.hostname}:
        return "Host"
    origin = headers.get("origin")
    if origin is not None and urlsplit(origin).netloc not in (host, own.netloc):
        return "Origin"
    graphql = path.rstrip("/").endswith("/graphql")
    opens_a_page = method in ("GET", "HEAD") and headers.get("sec-fetch-mode") == "navigate" and not graphql
    if headers.get("sec-fetch-site", "none") not in ("same-origin", "none") and not opens_a_page:
        return "Sec-Fetch-Site"
    if graphql and method not in ("POST", "WEBSOCKET"):
        return "method"
    if graphql and method == "POST" and not headers.get("content-type", "").startswith(_JSON):
        return "Content-Type"
    return ""


class Guard:
    """ASGI middleware around everything that the webserver answers, websockets included."""

    def __init__(self, inner: ASGIApp, ui_url: str):
        self.inner, self.ui_url = inner, ui_url

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] in ("http", "websocket"):
            method = scope.get("method", "WEBSOCKET")
            if why := refusal(self.ui_url, method, scope["path"], Headers(scope=scope)):
                if scope["type"] == "websocket":
                    await receive()
                    await send({"type": "websocket.close", "code": 1008})
                else:
                    await PlainTextResponse(f"refused: {why}\n", status_code=403)(scope, receive, send)
                return
        await self.inner(scope, receive, send)


class GuardedWebserver(DagsterWebserver[Any, Any]):
    def build_static_routes(self) -> list[Any]:
        """Our pages before Dagster's own, which answer to any path."""
        own: list[Any] = super().build_static_routes()  # type: ignore[no-untyped-call]
        return [*page_routes(), *own]

    def build_middleware(self) -> list[Middleware]:
        return [Middleware(Guard, ui_url=Settings.from_environment().ui_url), *super().build_middleware()]


def main() -> None:
    app.__dict__["DagsterWebserver"] = GuardedWebserver  # what its own command serves
    command: Callable[[], None] = cli.main
    command()


if __name__ == "__main__":
    main()
