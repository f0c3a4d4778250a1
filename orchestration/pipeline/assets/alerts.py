"""Alerts as an asset with one check: has everything that was to be told arrived? The sensor ``send_alerts`` reports the
check's state; it can also be run by hand. What is told, and how, belongs in ``orchestration.alerting``.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

import dagster as dg

from orchestration.alerting.channels import ChannelError, channels, strangers
from orchestration.alerting.outbox import Outbox
from orchestration.base.departments import all_department_years
from orchestration.base.settings import Settings
from orchestration.pipeline.assets import DATA_TEAM
from orchestration.pipeline.assets.gates import GATES
from orchestration.pipeline.assets.suspects import SUSPECT_CELL
from orchestration.pipeline.resources import Workspace

ALERTS = dg.AssetKey(["alerts"])
ARRIVED = "alerts_arrive"


@dataclass(frozen=True)
class Arrival:
    """Whether everything arrives; ``mark`` is the same while nothing changes."""

    passed: bool
    text: str
    metadata: dict[str, str] = field(default_factory=dict)

    @property
    def mark(self) -> str:
        return hashlib.sha256(repr((self.passed, self.text, sorted(self.metadata.items()))).encode()).hexdigest()


def arrival(settings: Settings) -> Arrival:
    """Red where an address can't be used or names a department that nobody knows, or an alert was given up after its
    last attempt.
    """
    try:
        to = channels(settings.alert_urls)
    except ChannelError as error:
        return Arrival(False, f"LEDGERGATE_ALERT_URLS：{error}")
    unknown = strangers(to, {department for _, department in all_department_years(settings.raw)})
    if unknown:
        listed = "；".join(f"{name}：{'、'.join(codes)}" for name, codes in unknown.items())
        return Arrival(False, f"LEDGERGATE_ALERT_URLS 写了 raw/ 里没有的部门　{listed}")
    lost = [each for each in Outbox(settings.outbox).deliveries() if each.state == "gave_up"]
    if not lost:
        return Arrival(True, "没有送不到的告警")
    rows = "\n".join(
        f"| {each.alert.year} | {each.alert.department} | {each.alert.id} | {each.channel} | {each.error} |"
        for each in lost
    )
    table = f"| 年度 | 部门 | 编号 | 渠道 | 最后一次的答复 |\n|---|---|---|---|---|\n{rows}"
    return Arrival(
        False, f"{len(lost)} 条告警送不到：ledgergate alerts --retry 再送，--dismiss 作罢", {"undelivered": table}
    )


def alerts_asset() -> dg.AssetSpec:
    return dg.AssetSpec(
        ALERTS,
        deps=[GATES, SUSPECT_CELL],
        group_name="alerts",
        kinds={"sqlite"},
        owners=[DATA_TEAM],
        description="告警：没有通过、读不了、运行出错、提示、催账、已解决。对方收下才算送达。",
    )


@dg.asset_check(asset=ALERTS, name=ARRIVED, description="告警都送到了：没有试完最后一次仍未收下的，地址也都能用。")
def alerts_arrive(workspace: dg.ResourceParam[Workspace]) -> dg.AssetCheckResult:
    found = arrival(workspace.settings)
    metadata = {name: dg.MetadataValue.md(text) for name, text in found.metadata.items()}
    return dg.AssetCheckResult(passed=found.passed, description=found.text, metadata=metadata)
