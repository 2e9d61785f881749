"""The documents of the journal that tell how people were woken."""

from outagetui.facts.document import Event


class AlertEvent(Event, frozen=True, kw_only=True):
    """Base of what concerns `what` one link of the alert chain is told of an incident."""

    incident: str
    link: str
    what: str


class AlertIntended(AlertEvent, frozen=True, kw_only=True):
    """A link of the alert chain is about to be told `what`: opened, update, acked, recovered or test.

    `incident` is empty for a test; `channels` are those that the text names. Without an outcome it is sent again.
    """

    title: str
    channels: tuple[str, ...] = ()


class AlertEnded(AlertEvent, frozen=True, kw_only=True):
    """`outcome` is sent, failed or skipped; `detail` says why and never holds any part of the link's URL."""

    outcome: str
    detail: str = ""
