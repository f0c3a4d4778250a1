"""Which channels ``LEDGERGATE_ALERT_URLS`` names: each address is told apart by its kind, and refused by its number."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from urllib.parse import SplitResult, parse_qsl, quote, unquote, urlsplit, urlunsplit

from orchestration.alerting.channels.channel import Channel, ChannelError
from orchestration.alerting.channels.folder import folder
from orchestration.alerting.channels.mail import mail
from orchestration.alerting.channels.post import Post
from orchestration.alerting.channels.robots import DingTalk, Feishu, WeCom
from orchestration.alerting.messages import SEVERITIES, Listener, Severity
from orchestration.base.files import read_file
from orchestration.base.problems import InputError

_POSTS: dict[str, type[Post]] = {"dingtalk": DingTalk, "wecom": WeCom, "feishu": Feishu, "webhook": Post}


def channels(urls: str) -> dict[str, Channel]:
    """The channels of ``LEDGERGATE_ALERT_URLS``, by name. Raises ``ChannelError``."""
    found: dict[str, Channel] = {}
    for where, url in _addresses(urls):
        for channel in _read(url, where):
            if channel.name in found:
                raise ChannelError(f"{where}与前面的同名（{channel.name}）：在 # 之后加 name=…")
            found[channel.name] = channel
    return found


def listeners(found: Mapping[str, Channel]) -> dict[str, Listener]:
    """What each channel is to hear."""
    return {name: Listener(channel.severity, channel.departments) for name, channel in found.items()}


def strangers(found: Mapping[str, Channel], known: Collection[str]) -> dict[str, list[str]]:
    """By channel, the departments that it is to hear of and that nobody knows: a slip of the pen would tell nobody."""
    unknown = {name: sorted(channel.departments - {*known}) for name, channel in found.items()}
    return {name: codes for name, codes in unknown.items() if codes}


def _addresses(urls: str) -> Iterator[tuple[str, str]]:
    """Every address with its place; those of a file, one a line, in place of @ and its path."""
    for number, url in enumerate(urls.split(), 1):
        where = f"第 {number} 个地址"
        if not url.startswith("@"):
            yield where, url
            continue
        try:
            lines = read_file(Path(url.removeprefix("@"))).decode("utf-8").splitlines()
        except UnicodeDecodeError:
            raise ChannelError(f"{where}：读不了这个文件（不是 UTF-8）") from None
        except InputError as error:
            raise ChannelError(f"{where}：读不了这个文件（{error.problems[0].found}）") from None
        for row, line in enumerate(lines, 1):
            if line.strip() and not line.lstrip().startswith("#"):
                yield f"{where}（文件第 {row} 行）", line.strip()


def _read(url: str, where: str) -> list[Channel]:
    address, _, ours = url.partition("#")
    options, severity, departments = _options(ours, where)
    name = options.get("name", "")
    found = _channels(address, where, name, options.get("secret", ""), severity)
    if not departments:
        return found
    mark = "" if name else f"/{'+'.join(sorted(departments))}"  # many departments' robots stand at one host
    return [replace(each, name=each.name + mark, departments=departments) for each in found]


def _channels(address: str, where: str, name: str, secret: str, severity: Severity) -> list[Channel]:
    parts = _split(address, where)
    kind, _, scheme = parts.scheme.rpartition("+")
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


def _options(ours: str, where: str) -> tuple[dict[str, str], Severity, frozenset[str]]:
    """What stands behind ``#``."""
    options = dict(parse_qsl(ours, keep_blank_values=True))
    if unknown := sorted(set(options) - {"severity", "name", "secret", "department"}):
        raise ChannelError(f"{where}：# 之后只认 severity、name、secret、department（另有 {len(unknown)} 个不认得）")
    severity = next((each for each in SEVERITIES if each == options.get("severity", "error")), None)
    if severity is None:
        raise ChannelError(f"{where}：severity 应为 {' 或 '.join(SEVERITIES)}")
    departments = frozenset(options["department"].split(",")) if "department" in options else frozenset()
    if "" in departments:
        raise ChannelError(f"{where}：department 后写部门代码，几个之间用逗号")
    return options, severity, departments


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
