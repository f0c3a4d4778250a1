"""Receivers of alerts on loopback, for tests: group robots as they really answer, and a mail server."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

YES = {"dingtalk": {"errcode": 0, "errmsg": "ok"}, "wecom": {"errcode": 0, "errmsg": "ok"},
       "feishu": {"code": 0, "msg": "success", "data": {}}, "webhook": {}}  # fmt: skip


@dataclass
class Answer:
    """What a receiver does with one request, instead of saying yes."""

    status: int = 200
    body: object = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    drop: bool = False  # take the request, then hang up
    hang: float = 0  # seconds before any answer
    echo: bool = False  # say no, and repeat all that was asked


@dataclass
class Received:
    kind: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any

    @property
    def id(self) -> str:
        return self.headers["X-Ledgergate-Alert"]

    @property
    def text(self) -> str:
        if self.kind == "feishu":
            return str(self.body["content"]["text"])
        return str(self.body["text"]) if self.kind == "webhook" else str(self.body["text"]["content"])


class Robots:
    """All four kinds on one port: /dingtalk, /wecom, /feishu, /webhook. ``taken``: what was said yes to."""

    def __init__(self) -> None:
        self.asked: list[Received] = []
        self.taken: list[Received] = []
        self.answers: list[Answer] = []  # for the next requests, in order; after them, yes
        self.secrets: dict[str, str] = {}  # kind -> sign secret
        self.port = 0

    def url(self, kind: str) -> str:
        """An address with a token, as the receiver's settings would show it."""
        rest = {
            "dingtalk": "dingtalk/robot/send?access_token=tok3n-dingtalk",
            "wecom": "wecom/cgi-bin/webhook/send?key=tok3n-wecom",
            "feishu": "feishu/open-apis/bot/v2/hook/tok3n-feishu",
            "webhook": "webhook/hook?auth=tok3n-webhook",
        }
        return f"{kind}+http://127.0.0.1:{self.port}/{rest[kind]}"

    def answer(self, request: Received) -> Answer:
        self.asked.append(request)
        answer = self.answers.pop(0) if self.answers else Answer(body=self._judge(request))
        if (answer.status == 200 and not answer.hang and answer.body == YES[request.kind]) or answer.drop:
            self.taken.append(request)
        return answer

    def _judge(self, request: Received) -> object:
        """As the robots do: a wrong signature or too long a text is refused with status 200."""
        secret = self.secrets.get(request.kind)
        if secret and request.kind == "dingtalk":
            moment = request.query.get("timestamp", "0")
            sign = _hmac(secret.encode(), f"{moment}\n{secret}".encode())
            if request.query.get("sign") != sign or abs(time.time() * 1000 - int(moment)) > 3600_000:
                return {"errcode": 310000, "errmsg": "sign not match"}
        if secret and request.kind == "feishu":
            moment = request.body.get("timestamp", "0")
            if request.body.get("sign") != _hmac(f"{moment}\n{secret}".encode(), b""):
                return {"code": 19021, "msg": "sign match fail or timestamp is not within one hour from current time"}
        if request.kind == "wecom" and len(request.text.encode()) > 2048:
            return {"errcode": 40058, "errmsg": "text.content exceed max length 2048"}
        return YES[request.kind]


def _hmac(key: bytes, text: bytes) -> str:
    return base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()


@contextmanager
def robots() -> Iterator[Robots]:
    found = Robots()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            parts = urlsplit(self.path)
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            kind = parts.path.split("/")[1]
            answer = found.answer(Received(kind, parts.path, query, dict(self.headers), json.loads(raw)))
            if answer.hang:
                time.sleep(answer.hang)
            if answer.drop or answer.hang:
                self.close_connection = True
                return
            if answer.echo:
                asked = f"{self.path} {dict(self.headers)} {raw.decode()}"
                answer.body = {"errcode": 1, "code": 1, "errmsg": asked, "msg": asked}
            body = answer.body if isinstance(answer.body, bytes) else json.dumps(answer.body).encode()
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            del format, args

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    found.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class MailServer:
    """``refuse``: recipients that it does not take; ``busy``: how many messages it puts off first."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.logins: list[str] = []
        self.encrypted: list[bool] = []
        self.refuse: set[str] = set()
        self.busy = 0
        self.port = 0

    async def handle_RCPT(  # noqa: N802  aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        del server, session, options
        if address in self.refuse:
            return "550 no such user"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        del server
        if self.busy:
            self.busy -= 1
            return "451 greylisted, try again"
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, policy=default)
        assert isinstance(mail, EmailMessage)
        self.mails.append(mail)
        self.encrypted.append(session.ssl is not None)
        return "250 OK"


@contextmanager
def mail_server(
    certificate: ssl.SSLContext | None = None, user: str = "", password: str = "", *, at_once: bool = False
) -> Iterator[MailServer]:
    """With ``certificate`` STARTTLS is demanded, or TLS from the first byte (``at_once``); with ``user`` login too."""
    found = MailServer()

    def login(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        del server, session, envelope, mechanism
        assert isinstance(data, LoginPassword)
        found.logins.append(data.login.decode())
        return AuthResult(success=(data.login, data.password) == (user.encode(), password.encode()), handled=False)

    class Local(Controller):
        def factory(self) -> SMTP:
            return SMTP(
                self.handler,
                tls_context=None if at_once else certificate,
                require_starttls=certificate is not None and not at_once,
                authenticator=login if user else None,
                auth_required=bool(user),
                enable_SMTPUTF8=True,
            )

        def _trigger_server(self) -> None:
            self.port = self.server.sockets[0].getsockname()[1]  # port 0: the kernel chose one
            super()._trigger_server()

    controller = Local(found, hostname="127.0.0.1", port=0, ssl_context=certificate if at_once else None)
    controller.start()
    found.port = controller.port
    try:
        yield found
    finally:
        controller.stop()
