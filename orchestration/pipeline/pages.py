"""The pages that the webserver shows beside Dagster's own: a year's report, and what its gates saw, one click from the
assets, for viewers behind the proxy too. Only files that the pipeline has made, found by year and department; no path
is asked for.

A page runs in a sandbox without an origin: whatever stands in it can send nothing to the UI in the reader's name.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

from orchestration.base.departments import is_code
from orchestration.base.settings import Settings
from orchestration.publication.versions import current_versions
from orchestration.reporting.edition import PAGE, PROVINCE_PAGE
from orchestration.reporting.report import report_folder

_HEADERS = {"Content-Security-Policy": "sandbox allow-scripts allow-popups", "Cache-Control": "no-store"}


def page_routes() -> list[Route]:
    """The routes, for the webserver: each looks the file up at every request, since versions change."""
    return [
        Route("/pages/{year:int}/province", _province),
        Route("/pages/{year:int}/{department:str}/report", _served(_report, "还没有生成报告页")),
        Route("/pages/{year:int}/{department:str}/gates", _served(_gates, "还没有过过关卡")),
    ]


def _province(request: Request) -> Response:
    """All departments of a year; a department of that name has pages below it."""
    year = int(request.path_params["year"])
    return _page(Settings.from_environment().of("").reports(year) / PROVINCE_PAGE, f"{year} 年度还没有汇总页")


def _report(settings: Settings, year: int) -> Path | None:
    version = current_versions(settings).get(year)
    return report_folder(settings, year, version) / PAGE if version else None


def _gates(settings: Settings, year: int) -> Path:
    return settings.build(year) / "gates.html"


def _served(find: Callable[[Settings, int], Path | None], otherwise: str) -> Callable[[Request], Response]:
    def answer(request: Request) -> Response:
        year = int(request.path_params["year"])
        settings = Settings.from_environment()
        code = str(request.path_params["department"])
        path = find(settings.of(code), year) if is_code(code) else None
        return _page(path, f"{year} 年度{otherwise}")

    return answer


def _page(path: Path | None, otherwise: str) -> Response:
    if path is None or not path.is_file():
        return PlainTextResponse(f"{otherwise}\n", status_code=404)
    return FileResponse(path, media_type="text/html; charset=utf-8", headers=_HEADERS)
