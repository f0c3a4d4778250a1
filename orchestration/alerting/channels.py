"""Channels: where alerts go, read from ``LEDGERGATE_ALERT_URLS``, and what each takes for a yes.

Addresses stand one after the other, with white space between them. Each is a kind, the address as the receiver's own
settings show it, and after ``#`` what is ours::

    mailtos://user:password@smtp.example.cn?from=ledgergate@example.cn&to=zhang@example.cn,li@example.cn
    dingtalk+https://oapi.dingtalk.com/robot/send?access_token=…#secret=SEC…&severity=warning&name=财务群
    wecom+https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=…
    feishu+https://open.feishu.cn/open-apis/bot/v2/hook/…#secret=…
    webhook+https://example.cn/hook?token=…
    file:///var/spool/ledgergate

Delivery means that the receiver said yes. Addresses hold secrets: nothing but a channel's name leaves this module, and
errors are told in our own words, because those of libraries quote addresses.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.client
import json
import smtplib
import ssl
import time
import urllib.error
import urllib.request
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

from orchestration.alerting.messages import SEVERITIES, Alert, Message, Severity, TooLongError, render
from orchestration.base.files import write_whole

#: Seconds for one step of a conversation: connecting, or the wait for an answer.
TIMEOUT = 10.0
#: Bytes of an answer that are looked at.
_ANSWER = 64 * 1024
_HIDDEN = "***"


class ChannelError(ValueError):
    """An address that can't be used. Says which one by its number, never what it holds."""


class NotDeliveredError(Exception):
    """The receiver did not say yes. ``wait_seconds``: how long it asked us to wait; ``in_doubt``: it may have the
    message all the same (the answer, not the sending, failed).
    """

    def __init__(self, reason: str, wait_seconds: int = 0, in_doubt: bool = False):
        self.wait_seconds = wait_seconds
        self.in_doubt = in_doubt
        super().__init__(reason)


@dataclass(frozen=True)
class Channel(ABC):
    """One receiver. ``name`` is public, everything else may be secret and is not shown."""

    name: str
    severity: Severity = "error"
    secrets: tuple[str, ...] = field(default=(), repr=False)

    def send(self, alert: Alert) -> None:
        """Deliver. Returning is the receiver's yes; everything else is a ``NotDeliveredError`` without secrets."""
        try:
            self._send(alert)
        except NotDeliveredError as error:
            raise NotDeliveredError(self._scrub(str(error)), error.wait_seconds, error.in_doubt) from None
        except TooLongError as error:
            raise NotDeliveredError(str(error)) from None

    @abstractmethod
    def _send(self, alert: Alert) -> None: ...

    def _scrub(self, text: str) -> str:
        """What a receiver answers may repeat what it was sent."""
        for secret in sorted(self.secrets, key=len, reverse=True):
            for form in {secret, quote(secret, safe=""), quote(secret)}:
                text = text.replace(form, _HIDDEN)
        return text[:300]


def channels(urls: str) -> dict[str, Channel]:
    """The channels of ``LEDGERGATE_ALERT_URLS``, by name. Raises ``ChannelError``."""
    found: dict[str, Channel] = {}
    for number, url in enumerate(urls.split(), 1):
        for channel in _read(url, number):
            if channel.name in found:
                raise ChannelError(f"第 {number} 个地址与前面的同名（{channel.name}）：在 # 之后加 name=…")
            found[channel.name] = channel
    return found


def severities(found: Mapping[str, Channel]) -> dict[str, Severity]:
    return {name: channel.severity for name, channel in found.items()}


def _read(url: str, number: int) -> list[Channel]:
    where = f"第 {number} 个地址"
    address, _, ours = url.partition("#")
    options, severity = _options(ours, where)
    parts = _split(address, where)
    kind, _, scheme = parts.scheme.rpartition("+")
    name = options.get("name", "")
    secret = options.get("secret", "")
    if secret and kind not in ("dingtalk", "feishu"):
        raise ChannelError(f"{where}：只有钉钉、飞书的机器人有 secret")
    if not kind and scheme in ("mailto", "mailtos"):
        return list(_mail(address, where, name, severity))
    if not kind and scheme == "file":
        return [_folder(parts, where, name, severity)]
    if kind in _POSTS and scheme in ("http", "https") and parts.hostname:
        plain = parts._replace(scheme=scheme)
        host = parts.hostname + (f":{parts.port}" if parts.port else "")
        hidden = tuple(text for text in (*_secrets(parts, kind), secret) if text)
        return [_POSTS[kind](name or f"{kind}:{host}", severity, hidden, _encoded(plain), secret)]
    raise ChannelError(
        f"{where}：应以 mailto://、mailtos://、file:///、{'、'.join(f'{kind}+https://' for kind in _POSTS)} 之一开头"
    )


def _split(address: str, where: str) -> SplitResult:
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError:
        raise ChannelError(f"{where}：不是一个网址") from None
    return parts


def _options(ours: str, where: str) -> tuple[dict[str, str], Severity]:
    """What stands behind ``#``."""
    options = dict(parse_qsl(ours, keep_blank_values=True))
    if unknown := sorted(set(options) - {"severity", "name", "secret"}):
        raise ChannelError(f"{where}：# 之后只认 severity、name、secret（另有 {len(unknown)} 个不认得）")
    severity = next((each for each in SEVERITIES if each == options.get("severity", "error")), None)
    if severity is None:
        raise ChannelError(f"{where}：severity 应为 {' 或 '.join(SEVERITIES)}")
    return options, severity


def _folder(parts: SplitResult, where: str, name: str, severity: Severity) -> Channel:
    if not parts.path.startswith("/") or parts.netloc:
        raise ChannelError(f"{where}：文件夹写作 file:///绝对路径")
    folder = Path(unquote(parts.path))
    return Folder(name or f"file:{folder}", severity, (), folder)


def _secrets(parts: SplitResult, kind: str) -> list[str]:
    """What of a web address must not be shown: user, password, query, and a token in the path."""
    login = parts.netloc.rpartition("@")[0]
    found = [parts.query, login, unquote(parts.username or ""), unquote(parts.password or "")]
    found += [value for _, value in parse_qsl(parts.query)]
    if kind in ("feishu", "webhook"):  # the two other robots have theirs in the query
        found += [part for part in parts.path.split("/") if len(part) > 7]
    return [text for text in found if len(text) > 3]


def _encoded(parts: SplitResult) -> str:
    return urlunsplit(parts._replace(path=quote(parts.path, safe="/%:@"), query=quote(parts.query, safe="=&%+/:@?")))


# mail


@dataclass(frozen=True)
class Mail(Channel):
    """One recipient at one mail server: so that a server which takes one recipient and refuses another is asked again
    for the other alone. Apprise knows the servers, the ways to TLS and login; the answer is SMTP's own.
    """

    recipient: str = ""
    plugin: Any = field(default=None, repr=False)  # apprise's NotifyEmail, for what its address says

    def _send(self, alert: Alert) -> None:
        from apprise.plugins.email.smtp import AppriseSMTPController

        mail = self._mail(alert)
        plugin = self.plugin
        stage = "连接或登录不成"
        try:
            with AppriseSMTPController(
                host=plugin.smtp_host, port=plugin.port, secure_mode=plugin.secure_mode, user=plugin.user,
                password=plugin.password, verify_certificate=plugin.verify_certificate,
                socket_connect_timeout=int(TIMEOUT),
            ) as server:  # fmt: skip
                stage = "没有收下"
                accepted = server.sendmail(plugin.from_addr[1], [self.recipient], mail.as_string(policy=SMTP))
        except smtplib.SMTPAuthenticationError:
            raise NotDeliveredError("邮件服务器不认用户名或密码") from None
        except ssl.SSLError:
            raise NotDeliveredError("邮件服务器的证书不可信，或不会 TLS") from None
        except smtplib.SMTPException as error:
            raise NotDeliveredError(f"邮件服务器{stage}（{type(error).__name__}）") from None
        except (OSError, RuntimeError) as error:
            raise NotDeliveredError(f"邮件服务器{stage}（{type(error).__name__}）") from None
        if not accepted:
            raise NotDeliveredError("邮件服务器没有收下")

    def _mail(self, alert: Alert) -> EmailMessage:
        message = render(alert)
        mail = EmailMessage()
        mail["Subject"] = message.title
        mail["From"] = self.plugin.from_addr[1]
        mail["To"] = self.recipient
        mail["Message-ID"] = f"<{alert.id}.{hashlib.sha256(self.recipient.encode()).hexdigest()[:8]}@ledgergate>"
        mail["Auto-Submitted"] = "auto-generated"
        mail["X-Ledgergate-Alert"] = alert.id
        mail.set_content(message.text, cte="base64")
        return mail


def _mail(address: str, where: str, name: str, severity: Severity) -> list[Mail]:
    plugin = _mail_server(address, where)
    asked = [text for text in _value(address, "to").replace(";", ",").split(",") if text.strip()]
    if len(asked) > len(plugin.targets) or not plugin.targets:
        raise ChannelError(f"{where}：to 里有不成样子的收件人")
    hidden = tuple(text for text in (plugin.password, quote(plugin.password or "", safe="")) if text)
    return [
        Mail(f"{name}:{recipient}" if name else f"mail:{recipient}", severity, hidden, recipient, plugin)
        for _, recipient in plugin.targets
    ]


def _mail_server(address: str, where: str) -> Any:
    """Apprise's NotifyEmail of an address: server, login, sender, recipients."""
    from apprise import AppriseAsset, PersistentStoreMode
    from apprise.exception import AppriseImproperlyConfigured
    from apprise.plugins.email.base import NotifyEmail

    # Apprise mends addresses by trying them; one with a stray character must not be mended into another receiver.
    parsed = NotifyEmail.parse_url(address)  # type: ignore[no-untyped-call]
    if not parsed or not (parsed.get("host") or parsed.get("user")):
        raise ChannelError(f"{where}：不是一个邮件地址（mailtos://用户:密码@服务器?from=…&to=…）")
    if parsed.get("cc") or parsed.get("bcc") or parsed.get("pgp_mode"):
        raise ChannelError(f"{where}：收件人都写在 to 里，不用 cc、bcc、pgp")
    try:
        return NotifyEmail(  # type: ignore[no-untyped-call]
            **parsed, asset=AppriseAsset(storage_mode=PersistentStoreMode.MEMORY)
        )
    except (AppriseImproperlyConfigured, TypeError):
        raise ChannelError(f"{where}：邮件地址不完整（mailtos://用户:密码@服务器?from=…&to=…）") from None


def _value(address: str, name: str) -> str:
    return dict(parse_qsl(urlsplit(address).query)).get(name, "")


# a folder


@dataclass(frozen=True)
class Folder(Channel):
    """A folder for closed networks: one text and one JSON file an alert, whole or not there, the same file when sent
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


def as_json(alert: Alert, message: Message) -> dict[str, Any]:
    """An alert for machines: its words and its facts. Amounts are text, exact."""
    return {
        "id": alert.id, "kind": alert.kind, "severity": alert.severity, "year": alert.year,
        "created_at": alert.created_at, "run_url": alert.run_url, "title": message.title, "text": message.text,
        "facts": alert.facts,
    }  # fmt: skip


# what is posted over HTTP


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


@dataclass(frozen=True)
class Robot(Post):
    """A group robot: it answers 200 whatever happens, and says in the body whether it took the message."""

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


_POSTS: dict[str, type[Post]] = {"dingtalk": DingTalk, "wecom": WeCom, "feishu": Feishu, "webhook": Post}


def _sign(key: bytes, text: bytes) -> str:
    return base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()


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
    request = urllib.request.Request(url, data=body, headers=headers, method="POST")  # noqa: S310  http(s) only: _read
    try:
        with urllib.request.build_opener(_NoRedirect).open(request, timeout=TIMEOUT) as answer:
            return answer.status, answer.headers["Retry-After"], _begin(answer)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers["Retry-After"], b""
    except urllib.error.URLError as error:
        raise NotDeliveredError(f"连接不上（{type(error.reason).__name__}）") from None
    except TimeoutError:
        raise NotDeliveredError(f"{TIMEOUT:.0f} 秒没有答复", in_doubt=True) from None
    except (OSError, http.client.HTTPException) as error:
        raise NotDeliveredError(f"没有答复就断开了（{type(error).__name__}）", in_doubt=True) from None


def _begin(answer: http.client.HTTPResponse) -> bytes:
    """The beginning of an answer, within the time of one answer: one that drips in for ever is none."""
    read, end = b"", time.monotonic() + TIMEOUT
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
