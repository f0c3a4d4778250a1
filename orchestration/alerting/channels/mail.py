"""Mail as a channel. Apprise knows the language of mail addresses and the servers of providers; the conversation with a
server is SMTP's own.
"""

from __future__ import annotations

import contextlib
import hashlib
import smtplib
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

from orchestration.alerting.channels import channel
from orchestration.alerting.channels.channel import Channel, ChannelError, NotDeliveredError
from orchestration.alerting.messages import Alert, Severity, render

#: What goes wrong in a conversation with a server.
_FAILURES = (smtplib.SMTPException, OSError, RuntimeError)


@dataclass(frozen=True)
class MailServer:
    """A mail server, and as whom we write."""

    host: str
    port: int
    mode: str  # insecure | starttls | ssl
    user: str
    password: str = field(repr=False)
    verifies: bool  # whether its certificate must be one that is vouched for
    sender: str

    def connect(self) -> smtplib.SMTP:
        """A connection that is secured and logged in as far as the address asks for it."""
        context = ssl.create_default_context()
        if not self.verifies:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        connection = (
            smtplib.SMTP_SSL(self.host, self.port, timeout=channel.TIMEOUT, context=context)
            if self.mode == "ssl"
            else smtplib.SMTP(self.host, self.port, timeout=channel.TIMEOUT)
        )
        try:
            if self.mode == "starttls":
                connection.starttls(context=context)
            if self.user and self.password:
                connection.login(self.user, self.password)
        except _FAILURES:
            _hang_up(connection)
            raise
        return connection


def _hang_up(connection: smtplib.SMTP) -> None:
    with contextlib.suppress(*_FAILURES):
        connection.quit()
    connection.close()


@dataclass(frozen=True, kw_only=True)
class Mail(Channel):
    """One recipient at one mail server: so that a server which takes one recipient and refuses another is asked again
    for the other alone.
    """

    recipient: str
    server: MailServer = field(repr=False)

    def _send(self, alert: Alert) -> None:
        content = self._mail(alert).as_string(policy=SMTP)
        try:
            connection = self.server.connect()
        except smtplib.SMTPAuthenticationError:
            raise NotDeliveredError("邮件服务器不认用户名或密码") from None
        except ssl.SSLError:
            raise NotDeliveredError("邮件服务器的证书不可信，或不会 TLS") from None
        except _FAILURES as error:
            raise NotDeliveredError(f"邮件服务器连接或登录不成（{type(error).__name__}）") from None
        try:
            # With one recipient, whom the server may refuse: that is an error then, and no part of an answer.
            connection.sendmail(self.server.sender, [self.recipient], content)
        except _FAILURES:
            raise NotDeliveredError("邮件服务器没有收下") from None
        finally:
            _hang_up(connection)

    def _mail(self, alert: Alert) -> EmailMessage:
        message = render(alert)
        mail = EmailMessage()
        mail["Subject"] = message.title
        mail["From"] = self.server.sender
        mail["To"] = self.recipient
        mail["Message-ID"] = f"<{alert.id}.{hashlib.sha256(self.recipient.encode()).hexdigest()[:8]}@ledgergate>"
        mail["Auto-Submitted"] = "auto-generated"
        mail["X-Ledgergate-Alert"] = alert.id
        mail.set_content(message.text, cte="base64")
        return mail


def mail(address: str, where: str, name: str, severity: Severity) -> list[Mail]:
    """A channel for each recipient of an address."""
    plugin = _read_by_apprise(address, where)
    asked = [text for text in _value(address, "to").replace(";", ",").split(",") if text.strip()]
    if len(asked) > len(plugin.targets) or not plugin.targets:
        raise ChannelError(f"{where}：to 里有不成样子的收件人")
    server = MailServer(
        plugin.smtp_host, plugin.port, plugin.secure_mode, plugin.user or "", plugin.password or "",
        plugin.verify_certificate, plugin.from_addr[1],
    )  # fmt: skip
    hidden = tuple(text for text in (server.password, quote(server.password, safe="")) if text)
    return [
        Mail(
            f"{name}:{recipient}" if name else f"mail:{recipient}", severity, hidden, recipient=recipient, server=server
        )
        for _, recipient in plugin.targets
    ]


def _read_by_apprise(address: str, where: str) -> Any:
    """Apprise's reading of an address: server, login, sender, recipients."""
    from apprise import AppriseAsset, PersistentStoreMode
    from apprise.exception import AppriseImproperlyConfigured
    from apprise.plugins.email import NotifyEmail

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
