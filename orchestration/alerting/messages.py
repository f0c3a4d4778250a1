"""What an alert says: its facts, put into one of ``templates/*.txt.j2`` so that it fits where it is sent.

Wording belongs in the templates, which are plain text that a finance person can edit; finding out what went wrong
belongs in ``events``. A message that is too long lists fewer items and says how many more there are; no item, and so no
figure, is ever cut.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from jinja2 import Environment, FileSystemLoader, StrictUndefined, TemplateError
from pydantic import Field, model_validator

from orchestration.base.clock import shown_stamp
from orchestration.base.language import in_english, sent_language
from orchestration.base.records import StrictRecord
from orchestration.base.yaml_files import read_yaml

FOLDER = Path(__file__).parent
Kind = Literal["blocked", "bad_input", "crashed", "notice", "due", "reminder", "resolved", "digest", "test"]
Severity = Literal["warning", "error"]
SEVERITIES: tuple[Severity, ...] = ("warning", "error")

_TEMPLATES = Environment(
    loader=FileSystemLoader(FOLDER / "templates"),
    autoescape=False,  # noqa: S701  plain text; every receiver gets it as text
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


class Due(StrictRecord):
    """When a fiscal year's ledgers should be there, in the year after it."""

    month: int = Field(ge=1, le=12)
    day: int = Field(ge=1, le=28)
    remind_days: int = Field(ge=1)


class Policy(StrictRecord):
    """``policy.yml``: how often to retry and to remind, and how much one message lists."""

    retry_seconds: tuple[int, ...] = Field(min_length=1)
    remind_hours: int = Field(ge=1)
    due: Due
    items: int = Field(ge=1)
    digest_items: int = Field(ge=1)

    @model_validator(mode="after")
    def _gives_up_before_it_reminds(self) -> Policy:
        if sum(self.retry_seconds) >= self.remind_hours * 3600:
            raise ValueError("retry_seconds must end before remind_hours: a reminder starts its attempts anew")
        return self


@cache
def policy() -> Policy:
    return Policy.model_validate(read_yaml(FOLDER / "policy.yml"))


@dataclass(frozen=True)
class Alert:
    """One thing to tell. ``facts`` is JSON: ``headline``, ``findings`` (each with its ``type``), and more by kind."""

    id: str
    year: int
    kind: Kind
    severity: Severity
    facts: dict[str, Any]
    created_at: str  # UTC, ISO 8601
    run_url: str = ""
    department: str = ""  # its code

    @property
    def of(self) -> str:
        """Whose year it is about, before the year: nothing where no department is meant."""
        return f"{self.department} " if self.department else ""


@dataclass(frozen=True)
class Listener:
    """What a channel is to hear: from which severity on, and of which departments; of all where none is named."""

    severity: Severity = "error"
    departments: frozenset[str] = frozenset()

    def hears(self, alert: Alert, bundled: bool = False) -> bool:
        """``bundled``: the digest of a run tells of it too, which is for those who look after all departments."""
        if SEVERITIES.index(self.severity) > SEVERITIES.index(alert.severity):
            return False
        return alert.department in self.departments if self.departments else not bundled


@dataclass(frozen=True)
class Message:
    """An alert in words. ``text`` begins with ``title``."""

    id: str
    title: str
    text: str


class TooLongError(Exception):
    """The message does not fit even without a single item."""


def render(alert: Alert, limit: int | None = None, items: int | None = None) -> Message:
    """The alert in words, in at most ``limit`` bytes of UTF-8 and with at most ``items`` items (default: the policy's).

    Raises ``TooLongError`` where not even the bare message fits.
    """
    found = alert.facts.get("findings", [])
    is_digest = bool(found) and found[0]["type"] == "department"
    most = policy().digest_items if is_digest else policy().items
    for count in range(min(len(found), most if items is None else items), -1, -1):
        text = _text(alert, found[:count], len(found) - count)
        text = in_english(text) if sent_language() == "en" else text
        lines = [line.rstrip() for line in text.splitlines() if line.strip()]
        message = Message(alert.id, lines[0], "\n".join(lines))
        if limit is None or len(message.text.encode()) <= limit:
            return message
    raise TooLongError(f"{limit} 字节放不下这条消息")


def as_json(alert: Alert, message: Message) -> dict[str, Any]:
    """An alert for machines: its words and its facts. Amounts are text, exact."""
    return {
        "id": alert.id, "kind": alert.kind, "severity": alert.severity, "year": alert.year,
        "department": alert.department,
        "created_at": alert.created_at, "run_url": alert.run_url, "title": message.title, "text": message.text,
        "facts": alert.facts,
    }  # fmt: skip


def _text(alert: Alert, items: list[dict[str, Any]], more: int) -> str:
    """A template that somebody has broken must not keep an alert back: then the facts are told as they are."""
    try:
        template = _TEMPLATES.get_template(f"{alert.kind}.txt.j2")
        text = template.render(alert=alert, facts=alert.facts, items=items, more=more, at=shown_stamp(alert.created_at))
        if text.strip():
            return text
        problem = "空白"
    except TemplateError as error:
        problem = type(error).__name__
    lines = [f"【Ledgergate】{alert.of}{alert.year} 年度：{alert.facts.get('headline', alert.kind)}"]
    lines += [str(item.get("statement") or "，".join(map(str, item.values()))) for item in items]
    lines += [f"另有 {more} 项"] if more else []
    lines += [alert.run_url, f"编号 {alert.id}（消息模板 {alert.kind}.txt.j2 有误：{problem}）"]
    return "\n".join(lines)
