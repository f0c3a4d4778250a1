"""A folder as a channel, for closed networks."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, unquote

from orchestration.alerting.channels.channel import Channel, ChannelError, NotDeliveredError
from orchestration.alerting.messages import Alert, Severity, as_json, render
from orchestration.base.files import write_whole


@dataclass(frozen=True)
class Folder(Channel):
    """One text and one JSON file an alert, whole or not there, the same file when sent
    twice.
    """

    folder: Path = Path()

    def _send(self, alert: Alert) -> None:
        stem = f"{alert.created_at.replace(':', '')}-{alert.id}"
        message = render(alert)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            write_whole(self.folder / f"{stem}.json", json.dumps(as_json(alert, message), ensure_ascii=False, indent=1))
            write_whole(self.folder / f"{stem}.txt", message.text + "\n")
        except OSError as error:
            raise NotDeliveredError(f"写不进文件夹（{type(error).__name__}）") from None


def folder(parts: SplitResult, where: str, name: str, severity: Severity) -> Channel:
    if not parts.path.startswith("/") or parts.netloc:
        raise ChannelError(f"{where}：文件夹写作 file:///绝对路径")
    path = Path(unquote(parts.path))
    return Folder(name or f"file:{path}", severity, (), path)
