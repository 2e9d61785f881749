"""Sending one message in a process of its own, which is gone by the deadline whatever the far side does."""

import os
import sys
from collections.abc import Mapping

import msgspec
from msgspec import Struct

from outagetui.alerts.alert_text import Message
from outagetui.core.text import clean
from outagetui.machine.child import Child

GRACE = 5.0  # seconds beyond the message's own deadline, for the program to start and end
LIMIT = 64 * 1024  # bytes of its answer
# What a program that speaks to the internet may need of ours; everything else may hold what is nobody's business.
KEPT = ("PATH", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy",
        "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE")  # fmt: skip


class Sent(Struct, frozen=True):
    """What came of it: whether the service took it, and if not why, without any part of its URL.

    `doubt`: it did not say that it took it, and may have all the same.
    """

    sent: bool
    detail: str = ""
    doubt: bool = False


async def send(
    url: str,
    message: Message,
    seconds: float,
    *,
    environment: Mapping[str, str] = os.environ,
    one: bool = False,
    grace: float = GRACE,
) -> Sent:
    """Send `message` to the apprise URL `url` within `seconds`. Never raises but when cancelled.

    `one` refuses a URL with several targets. Its process group is killed at the deadline and when this is cancelled.
    """
    document = {
        "url": url,
        "title": message.title,
        "body": message.body,
        "kind": message.kind,
        "seconds": seconds,
        "one": one,
    }
    answer = bytearray()

    def take(data: bytes) -> float:
        answer.extend(data[: LIMIT - len(answer)])
        return 0.0

    env = {name: environment[name] for name in KEPT if name in environment} | {"LANG": "C.UTF-8"}
    argv = (sys.executable, "-P", "-m", "outagetui.alerts.apprise_program")
    try:
        child = Child(argv, (take, lambda _: 0.0), env=env, stdin=msgspec.json.encode(document))
    except (OSError, ValueError) as error:
        return Sent(False, f"cannot start the program that sends: {getattr(error, 'strerror', None) or error}")
    try:
        if not await child.ended(seconds + grace):
            return Sent(False, f"no answer within {seconds:.0f} s; it may have arrived all the same", doubt=True)
        status = child.reap()
    finally:
        child.close()
    try:
        sent = msgspec.json.decode(bytes(answer), type=Sent)
    except msgspec.MsgspecError:
        words = f"the program that sends ended with status {status} and without an answer"
        return Sent(False, words, doubt=True)
    return Sent(sent.sent, clean(sent.detail), sent.doubt)
