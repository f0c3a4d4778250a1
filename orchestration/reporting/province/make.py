"""Makes a year's province: the build, its page and its workbook, each put in place whole."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from orchestration.base.files import write_whole
from orchestration.base.settings import Settings
from orchestration.publication.province.build import ProvinceBuild, build_province
from orchestration.publication.province.states import made_from
from orchestration.reporting.edition import PROVINCE_PAGE, PROVINCE_WORKBOOK
from orchestration.reporting.province.view import ProvinceView, province_reports

#: Characters within which the page says what it was made from.
_HEAD = 2000


@dataclass(frozen=True)
class ProvinceReport:
    """What was made."""

    province: ProvinceBuild
    page: Path
    workbook: Path
    view: ProvinceView


def make_province(settings: Settings, year: int, step: Callable[[str], None] = lambda name: None) -> ProvinceReport:
    """Build the province of a year from what its departments have published, and write its page and workbook."""
    from orchestration.reporting.province.page import render_province
    from orchestration.reporting.province.workbook import write_province_workbook

    step("汇总")
    mark = made_from(settings, year)  # first: what changes meanwhile makes it anew
    province = build_province(settings.of(""), year)
    view = ProvinceView(settings.of(""), province)
    folder = province_reports(settings, year)
    folder.mkdir(parents=True, exist_ok=True)
    step("工作簿")
    write_whole(folder / PROVINCE_WORKBOOK, write_province_workbook(view))
    step("页面")
    write_whole(folder / PROVINCE_PAGE, render_province(view, mark))
    return ProvinceReport(province, folder / PROVINCE_PAGE, folder / PROVINCE_WORKBOOK, view)


def is_province_made(settings: Settings, year: int, mark: str) -> bool:
    """Whether the page of a year is there, and shows what ``made_from`` calls so. The workbook is written before it."""
    try:
        with (province_reports(settings, year) / PROVINCE_PAGE).open(encoding="utf-8") as page:
            return mark in page.read(_HEAD)
    except FileNotFoundError:
        return False
