"""Channels against real servers on loopback: only the receiver's yes counts, and no secret gets out."""

from __future__ import annotations

import io
import json
import logging
import os
import ssl
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import trustme

from orchestration.alerting.channels import ChannelError, NotDeliveredError, channels, strangers
from orchestration.alerting.channels import channel as module
from orchestration.alerting.delivery import deliver
from orchestration.alerting.messages import Alert
from orchestration.alerting.outbox import Event, Outbox
from tests.receivers import YES, Answer, Robots, mail_server, robots
from tests.unit.alerting.test_messages import RULE, alert

KINDS = ["dingtalk", "wecom", "feishu", "webhook"]


@pytest.fixture
def robot() -> Iterator[Robots]:
    with robots() as found:
        yield found


@pytest.fixture(autouse=True)
def _no_proxy_and_no_long_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(module, "TIMEOUT", 1.0)


def send(url: str, what: Alert | None = None) -> None:
    for channel in channels(url).values():
        channel.send(what or alert())


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_taken_is_delivered(kind: str, robot: Robots) -> None:
    send(robot.url(kind))
    (taken,) = robot.taken
    assert "-362.20 万元" in taken.text and taken.id == "0123456789ab"
    assert "tok3n" in json.dumps(taken.query) + taken.path  # the address as its settings show it


@pytest.mark.parametrize("kind", ["dingtalk", "feishu"])
def test_signed_where_the_robot_asks_for_it(kind: str, robot: Robots) -> None:
    robot.secrets[kind] = "SECab+c/d="
    with pytest.raises(NotDeliveredError, match=r"没有收下：(310000|19021) sign"):
        send(robot.url(kind))
    send(f"{robot.url(kind)}#secret=SECab%2Bc/d%3D")
    assert len(robot.taken) == 1


@pytest.mark.parametrize(
    ("kind", "answer", "reason", "wait", "in_doubt"),
    [
        (
            "dingtalk",
            Answer(body={"errcode": 310000, "errmsg": "keywords not in it"}),
            "310000 keywords",
            0,
            False,
        ),
        ("dingtalk", Answer(body={"errcode": 130101, "errmsg": "send too fast"}), "130101 send too fast", 600, False),
        ("wecom", Answer(body={"errcode": 93000, "errmsg": "invalid webhook url"}), "93000 invalid", 0, False),
        ("wecom", Answer(body={"errcode": 45009, "errmsg": "api freq out of limit"}), "45009", 60, False),
        ("feishu", Answer(body={"code": 19024, "msg": "Key Words Not Found"}), "19024 Key Words", 0, False),
        ("feishu", Answer(body={"code": 11232, "msg": "frequency limited"}), "11232", 60, False),
        ("feishu", Answer(body={"StatusCode": 1, "StatusMessage": "no"}), "没有收下：1", 0, False),
        *[(kind, Answer(body=b"<html>login</html>"), "看不懂", 0, False) for kind in KINDS[:3]],
        *[(kind, Answer(body={"status": "ok"}), "看不懂", 0, False) for kind in KINDS[:3]],
        *[(kind, Answer(status=500), "HTTP 500", 0, False) for kind in KINDS],
        *[(kind, Answer(status=429, headers={"Retry-After": "120"}), "HTTP 429", 120, False) for kind in KINDS],
        *[(kind, Answer(status=302, headers={"Location": "/webhook/else"}), "HTTP 302", 0, False) for kind in KINDS],
        *[(kind, Answer(drop=True), "没有答复就断开", 0, True) for kind in KINDS],
        *[(kind, Answer(hang=1.5), "没有答复", 0, True) for kind in KINDS],
    ],
)
def test_everything_but_a_yes_is_a_no(
    kind: str, answer: Answer, reason: str, wait: int, in_doubt: bool, robot: Robots
) -> None:
    robot.answers = [answer]
    with pytest.raises(NotDeliveredError, match=reason) as caught:
        send(robot.url(kind))
    assert (caught.value.wait_seconds, caught.value.in_doubt) == (wait, in_doubt)
    assert len(robot.asked) == 1  # and nobody else was asked


def test_nobody_there() -> None:
    with pytest.raises(NotDeliveredError, match="连接不上"):
        send("webhook+http://127.0.0.1:9/hook")


def test_messages_fit_each_robot_however_much_is_wrong(robot: Robots) -> None:
    many = [{**RULE, "statement": RULE["statement"] * 3} for _ in range(200)]
    for kind in ("wecom", "dingtalk", "feishu"):
        send(robot.url(kind), alert(found=many))
    assert len(robot.taken[0].text.encode()) <= 2048
    assert all(len(json.dumps(taken.body, ensure_ascii=False).encode()) < 20_000 for taken in robot.taken)


def test_a_folder_gets_whole_files_the_same_when_told_twice(tmp_path: Path) -> None:
    folder = tmp_path / "告警 箱"
    for _ in range(2):
        send(f"file://{folder}".replace(" ", "%20"))
    names = sorted(path.suffix for path in folder.iterdir())
    assert names == [".json", ".txt"]
    (written,) = folder.glob("*.json")
    assert json.loads(written.read_text(encoding="utf-8"))["facts"]["findings"][1]["duty"] == "规划财务处"


def test_a_folder_that_cannot_be_written_is_a_no(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(NotDeliveredError, match="写不进"):
        send(f"file://{tmp_path}/file")


# mail


def mail_url(port: int, user: str = "", to: str = "zhang@example.cn", scheme: str = "mailto", more: str = "") -> str:
    return f"{scheme}://{user}localhost:{port}?from=ledgergate@example.cn&to={to}{more}"


def test_mail_arrives_in_chinese_one_for_each_recipient() -> None:
    with mail_server() as server:
        found = channels(mail_url(server.port, to="zhang@example.cn,li@example.cn"))
        assert sorted(found) == ["mail:li@example.cn", "mail:zhang@example.cn"]
        for channel in found.values():
            channel.send(alert())
        assert sorted(mail["To"] for mail in server.mails) == ["li@example.cn", "zhang@example.cn"]
        mail = server.mails[0]
        assert mail["Subject"] == "【未发布】2024 年度：2 条规则不成立"
        assert "-362.20 万元" in mail.get_content()
        assert mail["X-Ledgergate-Alert"] == "0123456789ab" and "0123456789ab" in mail["Message-ID"]
        assert len({mail["Message-ID"] for mail in server.mails}) == 2


@pytest.fixture
def certificate(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> ssl.SSLContext:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    return context


def test_mail_over_tls_with_login(certificate: ssl.SSLContext) -> None:
    with mail_server(certificate, "robot@example.cn", "p@ss:w/rd") as server:
        url = mail_url(server.port, "robot%40example.cn:p%40ss%3Aw%2Frd@", scheme="mailtos")
        send(url)
        assert server.encrypted == [True] and server.logins == ["robot@example.cn"]
        with pytest.raises(NotDeliveredError, match="不认用户名或密码"):
            send(mail_url(server.port, "robot%40example.cn:wr0ngpass@", scheme="mailtos"))
        assert len(server.mails) == 1


def test_mail_over_tls_from_the_first_byte(certificate: ssl.SSLContext) -> None:
    with mail_server(certificate, at_once=True) as server:
        send(mail_url(server.port, scheme="mailtos", more="&mode=ssl"))
        assert len(server.mails) == 1
        with pytest.raises(NotDeliveredError, match="连接或登录不成"):
            send(mail_url(server.port, scheme="mailtos"))  # waits for a greeting that is not in plain text


def test_a_certificate_that_nobody_vouches_for_is_not_trusted() -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    trustme.CA().issue_cert("localhost").configure_cert(context)
    with mail_server(context) as server, pytest.raises(NotDeliveredError, match="证书不可信"):
        send(mail_url(server.port, scheme="mailtos"))


def test_mail_that_is_put_off_or_refused_is_not_delivered_and_only_that_recipient_is_asked_again(
    tmp_path: Path,
) -> None:
    with mail_server() as server:
        server.refuse = {"li@example.cn"}
        to = channels(mail_url(server.port, to="zhang@example.cn,li@example.cn"))
        outbox = Outbox(tmp_path / "outbox.sqlite")
        outbox.record(Event(2024, "year", "blocked", "error", "a", alert().facts))
        deliver(outbox, to)
        assert [(each.channel, each.state) for each in outbox.deliveries()] == [("mail:li@example.cn", "waiting")]
        server.refuse = set()
        server.busy = 1
        for _ in range(2):
            outbox.retry()
            deliver(outbox, to)
        assert [mail["To"] for mail in server.mails] == ["zhang@example.cn", "li@example.cn"]
        assert outbox.deliveries() == []


# addresses


def test_options_of_ours_stand_after_the_hash(robot: Robots) -> None:
    found = channels(f"{robot.url('webhook')}#severity=warning&name=财务群  file:///tmp/x")
    assert {name: channel.severity for name, channel in found.items()} == {"财务群": "warning", "file:/tmp/x": "error"}


def test_a_file_of_addresses_says_which_departments_each_hears_of(robot: Robots, tmp_path: Path) -> None:
    url, place = robot.url("wecom"), tmp_path / "addresses"
    place.write_text(f"# 各部门\n{url}#department=民政厅,rst\n\n{url}#department=fgw\n", encoding="utf-8")
    found = channels(f"{url} @{place}")
    plain = next(iter(found))
    assert {name.removeprefix(plain): sorted(each.departments) for name, each in found.items()} == {
        "": [], "/rst+民政厅": ["rst", "民政厅"], "/fgw": ["fgw"],
    }  # fmt: skip
    assert strangers(found, ["rst", "fgw"]) == {f"{plain}/rst+民政厅": ["民政厅"]}
    place.write_text(f"{url}\ntok3nsecret\n", encoding="utf-8")
    with pytest.raises(ChannelError, match=r"第 1 个地址（文件第 2 行）") as caught:
        channels(f"@{place}")
    assert "tok3nsecret" not in str(caught.value)
    place.write_bytes(b"\xff")
    with pytest.raises(ChannelError, match="UTF-8"):
        channels(f"@{place}")
    place.unlink()
    os.mkfifo(place)
    with pytest.raises(ChannelError, match="管道"):  # and nobody waits for who writes into it
        channels(f"@{place}")


@pytest.mark.parametrize(
    "url",
    [
        "dingtalk://tok3nsecret",
        "https://example.cn/hook?token=tok3nsecret",
        "webhook+ftp://example.cn/tok3nsecret",
        "webhook+http://example.cn:port/tok3nsecret",
        "webhook+https:///tok3nsecret",
        "webhook+https://example.cn/tok3nsecret#severity=fatal",
        "webhook+https://example.cn/x#secret=tok3nsecret",
        "webhook+https://example.cn/x#tok3nsecret=1",
        "webhook+https://example.cn/tok3nsecret#department=",
        "@/nowhere/tok3nsecret",
        "file://relative/tok3nsecret",
        "mailtos://",
        "mailtos://user:tok3nsecret@example.cn?from=x@example.cn&to=not-an-address",
        "mailtos://user:tok3nsecret@example.cn?from=x@example.cn&to=a@example.cn&bcc=b@example.cn",
        "mailtos://user:tok3nsecret@example.cn?from=x@example.cn&to=a@example.cn&mode=none",
        "webhook+https://example.cn/a webhook+https://example.cn/tok3nsecret",
    ],
)
def test_an_address_that_cannot_be_used_is_named_by_its_number_alone(
    url: str, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    with pytest.raises(ChannelError, match=r"第 [12] 个地址") as caught:
        channels(url)
    printed = "".join(capfd.readouterr())
    for told in (str(caught.value), caplog.text, printed, repr(caught.value.__cause__)):
        assert "tok3nsecret" not in told


# secrets


@pytest.mark.parametrize("answer", [Answer(echo=True), Answer(status=500), Answer(drop=True), Answer(hang=1.5), None])
def test_no_secret_in_any_log_any_file_or_any_error(
    answer: Answer | None, robot: Robots, tmp_path: Path, caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    monkeypatch.setenv("HOME", str(tmp_path / "person"))
    stream = io.StringIO()
    everything = logging.StreamHandler(stream)
    logging.getLogger().addHandler(everything)
    caplog.set_level(0)
    logging.getLogger("apprise").setLevel(1)
    secrets = ["tok3n-dingtalk", "tok3n-wecom", "tok3n-feishu", "tok3n-webhook", "SECs1gn", "pa55word", "hunter2x"]
    with mail_server(None, "u", "pa55word") as server:
        base = f"127.0.0.1:{robot.port}"
        urls = " ".join(
            [f"{robot.url('dingtalk')}#secret=SECs1gn", robot.url("wecom"), f"{robot.url('feishu')}#secret=SECs1gn",
             robot.url("webhook"), f"webhook+http://someone:hunter2x@{base}/webhook/login#name=login",
             mail_url(server.port, "u:pa55word@"), f"file://{tmp_path}/spool"]
        )  # fmt: skip
        found = channels(urls)
        if answer:
            robot.answers = [replace(answer) for _ in range(5)]
        outbox = Outbox(tmp_path / "outbox.sqlite")
        outbox.record(Event(2024, "year", "blocked", "error", "a", alert().facts))
        deliver(outbox, found)
    logging.getLogger().removeHandler(everything)
    errors = "".join(each.error for each in outbox.deliveries())
    assert bool(errors) is True  # mail: no TLS, so the server knows no login
    files = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert tmp_path / "outbox.sqlite" in files
    told = [caplog.text, stream.getvalue(), *capfd.readouterr(), repr(found), errors]
    told += [content.decode("utf-8", "replace") for content in files.values()]
    for secret in secrets:
        assert [text[:200] for text in told if secret in text] == [], secret


def test_an_answer_that_repeats_the_token_is_told_without_it(robot: Robots) -> None:
    robot.answers = [Answer(body={"errcode": 300001, "errmsg": "token tok3n-dingtalk is not exist"})]
    with pytest.raises(NotDeliveredError) as caught:
        send(robot.url("dingtalk"))
    assert str(caught.value) == "钉钉机器人没有收下：300001 token *** is not exist"
    assert YES["dingtalk"]["errcode"] == 0
