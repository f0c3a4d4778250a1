"""The command tells what it found, once, without a daemon; and says what did not arrive."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from orchestration.alerting import events
from orchestration.alerting.channels import channels
from orchestration.alerting.delivery import deliver
from orchestration.alerting.events import Run
from orchestration.alerting.outbox import Outbox
from orchestration.base.settings import Settings
from orchestration.pipeline.run import run_year
from tests import command
from tests.command import Ended
from tests.conftest import edit
from tests.receivers import Answer, Robots, robots

SLIP = ("unit_basic_expenditure.csv", "1,182.19", "1,128.19")


@pytest.fixture
def robot() -> Iterator[Robots]:
    with robots() as found:
        yield found


def ledgergate(settings: Settings, urls: str, *arguments: str) -> Ended:
    return command.ledgergate(settings, *arguments, LEDGERGATE_ALERT_URLS=urls)


def test_a_run_tells_the_failure_once_and_that_it_is_over_once(settings: Settings, robot: Robots) -> None:
    ledger = settings.ledgers(2024) / SLIP[0]
    edit(ledger, *SLIP[1:])
    urls = f"{robot.url('wecom')} {robot.url('webhook')}#severity=warning"
    first = ledgergate(settings, urls, "run", "2024", "--json")
    assert (first.returncode, json.loads(first.stdout)["published"]) == (1, None), first.stderr
    assert "已送达" in first.stderr
    (blocked,) = [taken for taken in robot.taken if taken.kind == "wecom"]
    suspect = json.loads(first.stdout)["suspects"][0]
    assert suspect["statement"] in blocked.text and "列示为 1128.19" in blocked.text.replace(",", "")
    assert "unit_basic_expenditure.csv" in blocked.text and "请 规划财务处 核对" in blocked.text
    assert len(blocked.text.encode()) <= 2048 and "http://127.0.0.1:3000/runs/" in blocked.text
    found = [taken.body for taken in robot.taken if taken.kind == "webhook"]
    assert sorted(body["kind"] for body in found) == ["blocked", "notice"]
    (facts,) = [body["facts"] for body in found if body["kind"] == "blocked"]
    assert {item["address"] for item in facts["findings"] if item["type"] == "suspect"} == {suspect["address"]}
    assert all(set(item) >= {"left_value", "right_value", "difference", "allowed"}
               for item in facts["findings"] if item["type"] == "rule")  # fmt: skip

    assert ledgergate(settings, urls, "run", "2024").returncode == 1
    assert len(robot.taken) == 3  # the same again is no news
    assert ledgergate(settings, urls, "alerts").returncode == 0

    edit(ledger, *SLIP[:0:-1])
    mended = ledgergate(settings, urls, "run", "2024")
    assert mended.returncode == 0, mended.stderr
    version = next(word for word in mended.stdout.split() if word.startswith("20") and "T" in word and "-" in word)
    for taken in robot.taken[3:]:
        assert "已解决" in taken.text and version in taken.text
    assert [taken.kind for taken in robot.taken[3:]] == ["webhook", "wecom"] or len(robot.taken) == 5


def test_bad_input_and_a_crash_have_words_of_their_own(
    settings: Settings, robot: Robots, monkeypatch: pytest.MonkeyPatch
) -> None:
    outbox, to = Outbox(settings.outbox), channels(robot.url("feishu"))
    ledger = settings.ledgers(2024) / "project_expenditure.csv"
    edit(ledger, "-362.20", "-36x.20")
    assert run_year(settings, 2024).problems
    deliver(outbox, to)
    assert "【读不了】hunan_hrss 2024 年度" in robot.taken[0].text and "读到 -36x.20" in robot.taken[0].text
    assert "E20" in robot.taken[0].text and "规划财务处" in robot.taken[0].text
    edit(ledger, "-36x.20", "-362.20")

    def broken(*_: object) -> None:
        raise RuntimeError("no space left on device")

    monkeypatch.setattr("orchestration.pipeline.assets.suspects.write_suspects", broken)
    with pytest.raises(RuntimeError):
        run_year(settings, 2024)
    deliver(outbox, to)
    text = robot.taken[-1].text
    assert "【运行出错】hunan_hrss 2024 年度" in text and "no space left on device" in text and "Traceback" not in text
    monkeypatch.undo()
    assert run_year(settings, 2024).version
    deliver(outbox, to)
    assert ["已解决" in taken.text for taken in robot.taken] == [False, False, True]


def test_what_is_only_looked_at_alerts_nobody(settings: Settings, robot: Robots) -> None:
    edit(settings.ledgers(2024) / SLIP[0], *SLIP[1:])
    url = f"{robot.url('webhook')}#severity=warning"
    assert ledgergate(settings, url, "run", "2024", "--as-published").returncode == 1
    assert ledgergate(settings, url, "check", str(settings.ledgers(2024))).returncode == 1
    assert robot.asked == [] and not settings.outbox.exists()


def test_what_did_not_arrive_is_listed_tried_again_and_given_up_by_order(settings: Settings, robot: Robots) -> None:
    run = Run(settings, 2024, "r1")
    events.crashed(run, "磁盘已满")
    url = robot.url("dingtalk")
    assert ledgergate(settings, "", "alerts").returncode == 0  # nobody asked to be told
    untold = ledgergate(settings, url, "alerts")
    assert untold.returncode == 1 and "还没有发送" in untold.stdout
    robot.answers = [Answer(body={"errcode": 310000, "errmsg": "sign not match"})] * 50
    failed = ledgergate(settings, url, "alerts", "--retry", "--json")
    (delivery,) = json.loads(failed.stdout)["deliveries"]
    assert failed.returncode == 1
    assert (delivery["state"], "310000" in delivery["error"]) == ("waiting", True)
    assert ledgergate(settings, "", "alerts").returncode == 1  # whoever looks, with or without the addresses
    robot.answers = []
    arrived = ledgergate(settings, url, "alerts", "--retry")
    assert (arrived.returncode, len(robot.taken)) == (0, 1), arrived.stdout
    events.crashed(Run(settings, 2025, "r2"), "磁盘已满")
    robot.answers = [Answer(status=500)] * 50
    assert ledgergate(settings, url, "alerts", "--retry").returncode == 1
    (left,) = Outbox(settings.outbox).deliveries()
    assert ledgergate(settings, url, "alerts", left.alert.id, "--dismiss").returncode == 0


def test_an_address_that_cannot_be_used_stops_the_run_before_it_begins(settings: Settings) -> None:
    done = ledgergate(settings, "dingtalk://tok3nsecret", "run", "2024")
    assert done.returncode == 2 and "第 1 个地址" in done.stderr
    assert "tok3nsecret" not in done.stdout + done.stderr and not settings.home.exists()
