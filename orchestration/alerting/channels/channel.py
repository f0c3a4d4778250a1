"""What every channel is: a public name, secrets, and a way to send that ends in a yes or in an error without them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from urllib.parse import quote

from orchestration.alerting.messages import Alert, Severity, TooLongError

#: Seconds for one step of a conversation: connecting, or the wait for an answer.
TIMEOUT = 10.0
_HIDDEN = "***"


class ChannelError(ValueError):
    """An address that can't be used. Says which one by its number, never what it holds."""


class NotDeliveredError(Exception):
    """The receiver did not say yes. ``wait_seconds``: how long it asked us to wait; ``in_doubt``: it may have the
    message all the same (the answer, not the sending, failed).
    """

    def __init__(self, reason: str, wait_seconds: int = 0, in_doubt: bool = False):
        self.wait_seconds = wait_seconds
        self.in_doubt = in_doubt
        super().__init__(reason)


@dataclass(frozen=True)
class Channel(ABC):
    """One receiver. ``name`` is public, everything else may be secret and is not shown."""

    name: str
    severity: Severity = "error"
    secrets: tuple[str, ...] = field(default=(), repr=False)
    departments: frozenset[str] = field(default=frozenset(), kw_only=True)  # whose alerts it hears; all where empty

    def send(self, alert: Alert) -> None:
        """Deliver. Returning is the receiver's yes; everything else is a ``NotDeliveredError`` without secrets."""
        try:
            self._send(alert)
        except NotDeliveredError as error:
            raise NotDeliveredError(self._scrub(str(error)), error.wait_seconds, error.in_doubt) from None
        except TooLongError as error:
            raise NotDeliveredError(str(error)) from None

    @abstractmethod
    def _send(self, alert: Alert) -> None: ...

    def _scrub(self, text: str) -> str:
        """What a receiver answers may repeat what it was sent."""
        for secret in sorted(self.secrets, key=len, reverse=True):
            for form in {secret, quote(secret, safe=""), quote(secret)}:
                text = text.replace(form, _HIDDEN)
        return text[:300]
