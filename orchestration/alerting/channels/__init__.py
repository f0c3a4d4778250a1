"""Channels: where alerts go, read from ``LEDGERGATE_ALERT_URLS``, and what each takes for a yes.

Addresses stand one after the other, with white space between them. Each is a kind, the address as the receiver's own
settings show it, and after ``#`` what is ours::

    mailtos://user:password@smtp.example.cn?from=ledgergate@example.cn&to=zhang@example.cn,li@example.cn
    dingtalk+https://oapi.dingtalk.com/robot/send?access_token=…#secret=SEC…&severity=warning&name=财务群
    wecom+https://qyapi.weixin.qq.com/cgi-bin/webhook/send?key=…
    feishu+https://open.feishu.cn/open-apis/bot/v2/hook/…#secret=…
    webhook+https://example.cn/hook?token=…#department=fgw,czt
    file:///var/spool/ledgergate
    @/etc/ledgergate/addresses

The last is a file with one address a line.

Delivery means that the receiver said yes. Addresses hold secrets: nothing but a channel's name leaves this package, and
errors are told in our own words, because those of libraries quote addresses.

One module a kind of channel; ``addresses`` reads which are asked for.
"""

from orchestration.alerting.channels.addresses import channels, listeners, strangers
from orchestration.alerting.channels.channel import Channel, ChannelError, NotDeliveredError

__all__ = ["Channel", "ChannelError", "NotDeliveredError", "channels", "listeners", "strangers"]
