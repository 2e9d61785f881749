"""The `apprise` outlet: one target of any of the services that apprise knows; later parts are new messages.

A process of its own sends (`alerts.send`). Apprise tells neither what a message is called there nor whether it is
there, so our own record of what was begun is all that can be looked up, and nothing can be taken or read back.
"""

from typing import Final

from outagetui.alerts.alert_text import Message
from outagetui.alerts.send import send
from outagetui.core.model import Outlet
from outagetui.outlets import Delivered, Delivery, MaybeSentError, Tools, UnsentError
from outagetui.outlets.answers import login_of, words_of
from outagetui.outlets.sentlog import SentLog, once, recall, settled

SHARE: Final = 0.8  # of the outlet's time for the service; the rest is for the program to start and end


async def publish(outlet: Outlet, delivery: Delivery, tools: Tools) -> Delivered:
    """Send a message."""
    name, url = login_of(outlet, tools)
    text = words_of(delivery)
    if not url:
        raise UnsentError(f"the secret {name} is empty; it must hold an apprise URL")
    message = Message(title=text.title, body=text.plain)
    seconds = outlet.timeout * SHARE

    async def act(log: SentLog) -> Delivered:
        sent = await send(url, message, seconds, one=True, grace=outlet.timeout - seconds)
        if sent.sent:
            return Delivered("sent", outlet.url, detail="taken by the service")
        if sent.doubt:
            raise MaybeSentError(f"{sent.detail}; it may be published")
        raise UnsentError(sent.detail)

    return await once(tools, delivery.key, act)


async def retract(outlet: Outlet, delivery: Delivery, tools: Tools) -> Delivered:
    """Send nothing: what apprise has sent it cannot delete."""
    return Delivered("skipped", detail="apprise cannot take a message back; delete it there, or send a correction")


async def find(outlet: Outlet, delivery: Delivery, tools: Tools) -> Delivered | None:
    """Look in our own record."""
    return settled(recall(tools, delivery.key))
