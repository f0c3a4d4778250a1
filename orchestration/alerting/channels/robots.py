"""Group robots: they answer 200 whatever happens, and say in the body whether they took the message."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import urlencode

from orchestration.alerting.channels.channel import NotDeliveredError
from orchestration.alerting.channels.post import Post
from orchestration.alerting.messages import Alert, render


@dataclass(frozen=True)
class Robot(Post):
    """One group's robot."""

    title: ClassVar[str]
    keys: ClassVar[tuple[str, ...]]  # where the body says so; 0 is yes
    limit: ClassVar[int]  # bytes of text
    #: The robot's code for "too often" -> how many seconds it then refuses everything.
    too_often: ClassVar[Mapping[int, int]]

    def _read_answer(self, answer: bytes) -> None:
        try:
            body = json.loads(answer)
        except ValueError:
            body = None
        codes = [body[key] for key in self.keys if key in body] if isinstance(body, dict) else []
        if not codes:
            raise NotDeliveredError(f"{self.title}的答复看不懂，不能当作收下")
        if str(codes[0]) != "0":
            text = str(body.get("errmsg") or body.get("msg") or "")
            wait = self.too_often.get(codes[0] if isinstance(codes[0], int) else 0, 0)
            raise NotDeliveredError(f"{self.title}没有收下：{codes[0]} {text}".strip(), wait)


class DingTalk(Robot):
    """At most 20 messages a minute, else nothing for ten minutes. Signed: HMAC-SHA256 over time in ms and secret."""

    title, keys, limit = "钉钉机器人", ("errcode",), 18_000
    too_often: ClassVar[Mapping[int, int]] = {130101: 600, 90030: 600, 90018: 60}

    def _request(self, alert: Alert) -> tuple[str, dict[str, Any]]:
        url = self.url
        if self.secret:
            moment = str(time.time_ns() // 1_000_000)
            sign = _sign(self.secret.encode(), f"{moment}\n{self.secret}".encode())
            url += ("&" if "?" in url else "?") + urlencode({"timestamp": moment, "sign": sign})
        return url, {"msgtype": "text", "text": {"content": render(alert, self.limit).text}}


class WeCom(Robot):
    """Text of at most 2,048 bytes, 20 messages a minute. It knows no signature: the key is the secret."""

    title, keys, limit = "企业微信机器人", ("errcode",), 2048
    too_often: ClassVar[Mapping[int, int]] = {45009: 60, 45033: 60}

    def _request(self, alert: Alert) -> tuple[str, dict[str, Any]]:
        return self.url, {"msgtype": "text", "text": {"content": render(alert, self.limit).text}}


class Feishu(Robot):
    """A request of at most 20 KB, 100 a minute. Signed: HMAC-SHA256 with time in s and secret as key, over nothing."""

    title, keys, limit = "飞书机器人", ("code", "StatusCode"), 18_000
    too_often: ClassVar[Mapping[int, int]] = {11232: 60}

    def _request(self, alert: Alert) -> tuple[str, dict[str, Any]]:
        body: dict[str, Any] = {"msg_type": "text", "content": {"text": render(alert, self.limit).text}}
        if self.secret:
            moment = str(int(time.time()))
            body |= {"timestamp": moment, "sign": _sign(f"{moment}\n{self.secret}".encode(), b"")}
        return self.url, body


def _sign(key: bytes, text: bytes) -> str:
    return base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()
