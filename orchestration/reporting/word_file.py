"""What a Word file is beside its text: whose it is and of which day, and the same bytes each time it is made."""

from __future__ import annotations

import io
import zipfile
from datetime import datetime, time

from docx.document import Document as Docx

from orchestration.reporting.published import Published


def stamp(document: Docx, version: Published, *, internal: bool) -> None:
    """Whose report it is, dated by its signature: nothing of the moment at which it was made. Only an internal edition
    names the version that it was made of."""
    core = document.core_properties
    core.title = f"{version.year}年度{version.department}部门整体支出绩效自评报告"
    core.author = core.last_modified_by = version.department
    core.created = core.modified = dated(version)
    core.comments = f"发布版本 {version.name}" if internal else ""
    core.revision = 1


def dated(version: Published) -> datetime:
    """The day of signature; where there is none, when the version was published."""
    if version.signed:
        return datetime.combine(version.signed, time())
    return datetime.strptime(version.name.partition("-")[0], "%Y%m%dT%H%M%SZ")  # noqa: DTZ007 -- files carry no zone


def reproducible(content: bytes) -> bytes:
    """The same parts without the clock that zip files carry."""
    output = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as target:
        for name in sorted(source.namelist(), key=lambda name: (name != "[Content_Types].xml", name)):
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            target.writestr(info, source.read(name))
    return output.getvalue()
