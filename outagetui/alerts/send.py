"""Sending one message in a process of its own, which is gone by the deadline whatever the far side does."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Mapping

import msgspec
from msgspec import Struct

from outagetui.alerts.alert_text import Message
from outagetui.core.text import clean

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
    try:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-P", "-m", "outagetui.alerts.apprise_program",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            cwd="/",
            env={name: environment[name] for name in KEPT if name in environment} | {"LANG": "C.UTF-8"},
            start_new_session=True,
            limit=LIMIT,
        )  # fmt: skip
    except OSError as error:
        return Sent(False, f"cannot start the program that sends: {error.strerror}")
    try:
        async with asyncio.timeout(seconds + grace):
            answer, _ = await process.communicate(msgspec.json.encode(document))
    except TimeoutError:
        return Sent(False, f"no answer within {seconds:.0f} s; it may have arrived all the same", doubt=True)
    finally:
        await _end(process)
    try:
        sent = msgspec.json.decode(answer[:LIMIT], type=Sent)
    except msgspec.MsgspecError:
        words = f"the program that sends ended with status {process.returncode} and without an answer"
        return Sent(False, words, doubt=True)
    return Sent(sent.sent, clean(sent.detail), sent.doubt)


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
