"""Which channels ``LEDGERGATE_ALERT_URLS`` names: each address is told apart by its kind, and refused by its number."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlsplit, urlunsplit

from orchestration.alerting.channels.channel import Channel, ChannelError
from orchestration.alerting.channels.folder import folder
from orchestration.alerting.channels.mail import mail
from orchestration.alerting.channels.post import Post
from orchestration.alerting.channels.robots import DingTalk, Feishu, WeCom
from orchestration.alerting.messages import SEVERITIES, Severity

_POSTS: dict[str, type[Post]] = {"dingtalk": DingTalk, "wecom": WeCom, "feishu": Feishu, "webhook": Post}


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
        return list(mail(address, where, name, severity))
    if not kind and scheme == "file":
        return [folder(parts, where, name, severity)]
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
