"""The command about alerts, ``ledgergate alerts``, and what a run tells at its end: thin, like ``cli``."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from orchestration.base.clock import shown_stamp
from orchestration.base.settings import Settings
from orchestration.cli.terminal import BAD_INPUT, BLOCKED, DONE, err, out, print_json

if TYPE_CHECKING:
    from orchestration.alerting.channels import Channel
    from orchestration.alerting.messages import Alert
    from orchestration.alerting.outbox import Delivery, Outbox

#: What stands in place of an alert's id to send a test message; ids are hexadecimal.
TEST = "test"
STATES = {
    "waiting": "等候",
    "sending": "发送中",
    "sent": "已送达",
    "gave_up": "未送达",
    "superseded": "已由后来的消息代替",
    "dismissed": "已作罢",
}


def register(app: typer.Typer) -> None:
    app.command(
        epilog="Examples:  ledgergate alerts   |   ledgergate alerts --retry   |   "
        "ledgergate alerts 3f2a9c10b7de --dismiss   |   ledgergate alerts --all --json   |   ledgergate alerts test"
    )(alerts)


def alerts(
    alert: Annotated[
        str,
        typer.Argument(help="One alert, by its id; without it, all. `test` sends a test message.", show_default=False),
    ] = "",
    retry: Annotated[bool, typer.Option("--retry", help="Send what has not arrived again, now.")] = False,
    dismiss: Annotated[bool, typer.Option("--dismiss", help="Give up what has not arrived: somebody knows.")] = False,
    everything: Annotated[bool, typer.Option("--all", help="List what has arrived too.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object instead of the list.")] = False,
) -> None:
    """List alerts that have not arrived; exit code 1 while there are any."""
    from orchestration.alerting.delivery import deliver_patiently
    from orchestration.alerting.outbox import UNDELIVERED, Outbox

    settings = Settings.from_environment()
    outbox = Outbox(settings.outbox)
    to = read_channels(settings)
    if alert == TEST:
        raise typer.Exit(_send_test(to, as_json=as_json))
    if alert:
        _refuse_unknown(outbox, alert)
    if retry:
        outbox.retry(alert)
        deliver_patiently(settings)
    elif dismiss:
        outbox.dismiss(alert)
    deliveries = [each for each in outbox.deliveries(everything) if alert in ("", each.alert.id)]
    unplanned = [each for each in outbox.unplanned() if alert in ("", each.id)]
    if as_json:
        print_json(_as_json(deliveries, unplanned))
    else:
        _show(deliveries, unplanned, to)
    _name_strangers(settings, to)
    untold = any(each.state in UNDELIVERED for each in deliveries) or (bool(unplanned) and bool(to))
    raise typer.Exit(BLOCKED if untold else DONE)


def read_channels(settings: Settings) -> dict[str, Channel]:
    """The channels; addresses that can't be used end the command."""
    if not settings.alert_urls:
        return {}
    from orchestration.alerting.channels import ChannelError, channels

    try:
        return channels(settings.alert_urls)
    except ChannelError as error:
        err.print(Text.assemble(("LEDGERGATE_ALERT_URLS  ", "bold red"), str(error)))
        raise typer.Exit(BAD_INPUT) from None


def _send_test(to: dict[str, Channel], *, as_json: bool) -> int:
    """Send a test message to every channel, and say of each whether it arrived."""
    if not to:
        err.print("没有渠道可送：设置 LEDGERGATE_ALERT_URLS", style="red", markup=False)
        return BAD_INPUT
    from orchestration.alerting.delivery import send_test

    told = send_test(to)
    if as_json:
        print_json({name: why or None for name, why in told.items()})
    else:
        for name, why in told.items():
            out.print(Text.assemble(("未送达  ", "red") if why else ("已送达  ", "green"), f"{name}  {why}".rstrip()))
    return BLOCKED if any(told.values()) else DONE


def _refuse_unknown(outbox: Outbox, alert: str) -> None:
    """An id that no alert has is a wrong call, and no empty list."""
    known = [*(each.alert.id for each in outbox.deliveries(True)), *(each.id for each in outbox.unplanned())]
    if alert in known:
        return
    err.print(f"没有这条告警：{alert}", style="red", markup=False)
    for near in difflib.get_close_matches(alert, list(dict.fromkeys(known)), n=5, cutoff=0.4):
        err.print(f"  相近的有  {near}", markup=False)
    raise typer.Exit(BAD_INPUT)


def tell(settings: Settings) -> None:
    """Send what a run had to tell. How the run ended stands, whatever becomes of it; what did not arrive is said."""
    if not settings.alert_urls or not settings.outbox.is_file():
        return
    from orchestration.alerting.delivery import deliver_patiently
    from orchestration.alerting.outbox import Outbox

    report = deliver_patiently(settings)
    waiting = Outbox(settings.outbox).deliveries()
    if report.sent:
        err.print(f"[dim]告警  {report.sent} 条已送达[/]")
    if waiting:
        err.print(f"[yellow]告警  {len(waiting)} 条未送达[/]，见 ledgergate alerts")


def _name_strangers(settings: Settings, to: dict[str, Channel]) -> None:
    """Departments that addresses name and that have no ledgers: a slip of the pen would tell nobody, and in silence."""
    from orchestration.alerting.channels import strangers
    from orchestration.base.departments import all_department_years

    for name, codes in strangers(to, {code for _, code in all_department_years(settings.raw)}).items():
        err.print(Text.assemble(("没有这个部门  ", "yellow"), f"{'、'.join(codes)}（{name}）"))


def _show(deliveries: list[Delivery], unplanned: list[Alert], to: dict[str, Channel]) -> None:
    from orchestration.alerting.outbox import UNDELIVERED

    for each in deliveries:
        style = {"sent": "green", "gave_up": "red"}.get(each.state, "yellow")
        out.print(
            Text.assemble(
                (f"{STATES[each.state]}  ", style),
                (each.alert.id, "bold"),
                f"  {each.channel}  {_title(each.alert)}",
                (f"  {shown_stamp(each.sent_at or each.alert.created_at)}", "dim"),
            )
        )
        if each.state in UNDELIVERED:
            doubt = "（可能已收到）" if each.in_doubt else ""
            gone = "" if each.channel in to else "；这个渠道已不在 LEDGERGATE_ALERT_URLS 里"
            again = f"；{shown_stamp(each.next_at)} 后再试" if each.state == "waiting" else ""
            out.print(f"[dim]    试过 {each.attempts} 次  {each.error}{doubt}{again}{gone}[/]")
    for alert in unplanned:
        why = "还没有发送" if to else "没有渠道可送：设置 LEDGERGATE_ALERT_URLS"
        out.print(
            Text.assemble(
                ("未发送  ", "yellow"),
                (alert.id, "bold"),
                f"  {_title(alert)}（{why}）",
                (f"  {shown_stamp(alert.created_at)}", "dim"),
            )
        )
    if not deliveries and not unplanned:
        out.print("没有未送达的告警")


def _title(alert: Alert) -> str:
    from orchestration.alerting.messages import render

    return render(alert, items=0).title


def _as_json(deliveries: list[Delivery], unplanned: list[Alert]) -> dict[str, Any]:
    def told(alert: Alert) -> dict[str, Any]:
        return {"id": alert.id, "year": alert.year, "department": alert.department, "kind": alert.kind,
                "severity": alert.severity, "created_at": alert.created_at, "title": _title(alert)}  # fmt: skip

    return {
        "deliveries": [
            {**told(each.alert), "channel": each.channel, "state": each.state, "attempts": each.attempts,
             "next_at": each.next_at if each.state == "waiting" else None, "sent_at": each.sent_at,
             "error": each.error or None, "in_doubt": each.in_doubt}
            for each in deliveries
        ],
        "unplanned": [told(alert) for alert in unplanned],
    }  # fmt: skip
