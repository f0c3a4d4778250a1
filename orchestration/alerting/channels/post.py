"""What is posted over HTTP: a webhook, whose status is the answer; robots build on it."""

from __future__ import annotations

import base64
import http.client
import json
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote, urlsplit, urlunsplit

from orchestration.alerting.channels import channel
from orchestration.alerting.channels.channel import Channel, NotDeliveredError
from orchestration.alerting.messages import Alert, as_json, render

#: Bytes of an answer that are looked at.
_ANSWER = 64 * 1024


@dataclass(frozen=True)
class Post(Channel):
    """A receiver that is posted JSON. ``url`` and ``secret`` are secret."""

    url: str = field(default="", repr=False)
    secret: str = field(default="", repr=False)

    def _send(self, alert: Alert) -> None:
        url, body = self._request(alert)
        status, retry_after, answer = _post(url, json.dumps(body, ensure_ascii=False).encode(), alert.id)
        if status == http.client.TOO_MANY_REQUESTS:
            raise NotDeliveredError("对方限制了频率（HTTP 429）", _seconds(retry_after))
        if not 200 <= status < 300:
            raise NotDeliveredError(f"对方答复 HTTP {status}", _seconds(retry_after))
        self._read_answer(answer)

    def _request(self, alert: Alert) -> tuple[str, dict[str, Any]]:
        """Where to post, and what."""
        return self.url, as_json(alert, render(alert))

    def _read_answer(self, answer: bytes) -> None:
        """For a plain webhook the status is the answer."""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """Elsewhere is not the receiver, and must not learn the token."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def _post(url: str, body: bytes, alert: str) -> tuple[int, str | None, bytes]:
    """Status, ``Retry-After`` and the beginning of the answer.

    By urllib and not by a friendlier library: it logs nothing, and others log addresses.
    """
    headers = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": "ledgergate",
        "X-Ledgergate-Alert": alert,
    }
    parts = urlsplit(url)
    if parts.username is not None:
        login = f"{unquote(parts.username)}:{unquote(parts.password or '')}".encode()
        headers["Authorization"] = "Basic " + base64.b64encode(login).decode()
        url = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    request = urllib.request.Request(url, data=body, headers=headers, method="POST")  # noqa: S310  http(s) only: addresses
    try:
        with urllib.request.build_opener(_NoRedirect).open(request, timeout=channel.TIMEOUT) as answer:
            return answer.status, answer.headers["Retry-After"], _begin(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers["Retry-After"], b""
    except urllib.error.URLError as error:
        raise NotDeliveredError(f"连接不上（{type(error.reason).__name__}）") from None
    except TimeoutError:
        raise NotDeliveredError(f"{channel.TIMEOUT:.0f} 秒没有答复", in_doubt=True) from None
    except (OSError, http.client.HTTPException) as error:
        raise NotDeliveredError(f"没有答复就断开了（{type(error).__name__}）", in_doubt=True) from None


def _begin(answer: http.client.HTTPResponse) -> bytes:
    """The beginning of an answer, within the time of one answer: one that drips in for ever is none."""
    read, end = b"", time.monotonic() + channel.TIMEOUT
    while len(read) < _ANSWER and (piece := answer.read1(_ANSWER)):
        read += piece
        if time.monotonic() > end:
            raise TimeoutError
    return read


def _seconds(text: str | None) -> int:
    """A ``Retry-After`` in seconds, an hour at most; 0 where there is none (a date is not worth reading)."""
    digits = (text or "").strip()
    if not digits.isdecimal():
        return 0
    return min(int(digits), 3600) if len(digits) <= 9 else 3600  # Python reads no number of 5,000 digits
