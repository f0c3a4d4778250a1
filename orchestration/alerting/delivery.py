"""Delivery: takes what is due from the outbox to its channels, one sender at a time, each channel on its own.

What is told belongs in ``outbox``, how a receiver says yes in ``channels``.
"""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime

from orchestration.alerting.channels import Channel, NotDeliveredError, channels, listeners
from orchestration.alerting.messages import Alert
from orchestration.alerting.outbox import Delivery, Outbox
from orchestration.alerting.outbox_tables import stamp
from orchestration.base.clock import place_zone
from orchestration.base.settings import Settings

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True)
class DeliveryCounts:
    """What one pass did."""

    sent: int = 0
    refused: int = 0

    def __add__(self, other: DeliveryCounts) -> DeliveryCounts:
        return DeliveryCounts(self.sent + other.sent, self.refused + other.refused)


def deliver(outbox: Outbox, to: Mapping[str, Channel], seconds: float = 30, wait: bool = True) -> DeliveryCounts:
    """Send all that is due. No new sending begins after ``seconds``; ``wait``: for another sender to finish."""
    end = time.monotonic() + seconds
    with outbox.sole_sender(wait) as sole:
        if not sole:
            return DeliveryCounts()
        outbox.prepare(listeners(to))
        by_channel: dict[str, list[Delivery]] = {}
        for delivery in outbox.due():
            if delivery.channel in to:
                by_channel.setdefault(delivery.channel, []).append(delivery)
        if not by_channel:
            return DeliveryCounts()
        with ThreadPoolExecutor(max_workers=min(len(by_channel), 8), thread_name_prefix="alert") as pool:
            done = pool.map(lambda name: _deliver(outbox, to[name], by_channel[name], end), by_channel)
            return sum(done, DeliveryCounts())


def _deliver(outbox: Outbox, channel: Channel, deliveries: Sequence[Delivery], end: float) -> DeliveryCounts:
    """One channel's deliveries in order; where one is refused, the next ones wait their turn behind it."""
    sent = 0
    for delivery in deliveries:
        if time.monotonic() > end:
            break
        outbox.sending(delivery)
        try:
            channel.send(delivery.alert)
        except NotDeliveredError as error:
            outbox.refused(delivery, str(error), error.wait_seconds, error.in_doubt)
            return DeliveryCounts(sent, 1)
        except Exception as error:
            # Whatever an address or an answer makes a library do is this channel's refusal, with its pauses and its
            # end; raised, it would keep every alert of every channel from being sent. Its text may hold the address.
            _LOG.error("channel %s: %s", delivery.channel, type(error).__name__)
            outbox.refused(delivery, f"渠道出错（{type(error).__name__}）", in_doubt=True)
            return DeliveryCounts(sent, 1)
        outbox.sent(delivery)
        sent += 1
    return DeliveryCounts(sent, 0)


def send_test(to: Mapping[str, Channel]) -> dict[str, str]:
    """Send a test message to every channel, past the outbox. By channel: why it did not arrive; empty where it did."""
    now = datetime.now(UTC)
    alert = Alert(
        uuid.uuid4().hex[:12], now.astimezone(place_zone()).year, "test", "error", {"headline": "测试"}, stamp(now)
    )
    told: dict[str, str] = {}
    for name, channel in to.items():
        try:
            channel.send(alert)
            told[name] = ""
        except NotDeliveredError as error:
            told[name] = str(error)
    return told


def deliver_patiently(settings: Settings, seconds: float = 8) -> DeliveryCounts:
    """Send what is due, and try once or twice more what was refused: for a process that has no daemon beside it.

    Raises ``ChannelError`` where the addresses can't be used.
    """
    to = channels(settings.alert_urls)
    report = DeliveryCounts()
    if not settings.outbox.is_file():
        return report  # nothing was ever to be told
    outbox, end = Outbox(settings.outbox), time.monotonic() + seconds
    while True:
        report += deliver(outbox, to, end - time.monotonic())
        names = {each.channel for each in outbox.deliveries() if each.state == "waiting" and each.channel in to}
        if not names or time.monotonic() + 2 > end:
            return report
        time.sleep(1)
