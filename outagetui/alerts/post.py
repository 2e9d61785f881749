"""The program that hands one message to apprise: `python -m outagetui.alerts.post`, a JSON document in and one out.

It is a process of its own: apprise and what it imports take some 50 MB, and a server that hangs holds one of its
threads for good. The URL comes on standard input only, since arguments and environment can be read by others.
"""

import json
import logging
import os
import sys
import warnings
from collections.abc import Iterable
from typing import Any

from outagetui.alerts.hide import hide

NO_SERVICE = 'apprise knows no service for this URL; expected one such as "ntfys://host/topic" or "mailto://…"'


def main() -> None:
    """Read the document, send, print what came of it, and leave without waiting for threads that hang."""
    asked = json.loads(sys.stdin.buffer.read())
    sent, detail = send(asked["url"], asked["title"], asked["body"], asked["kind"], asked["seconds"])
    sys.stdout.write(json.dumps({"sent": sent, "detail": detail}))
    sys.stdout.flush()
    os._exit(0)


def send(url: str, title: str, body: str, kind: str, seconds: float) -> tuple[bool, str]:
    """Send a plain text to one apprise URL; return whether it was taken, and why not without the URL's parts.

    `kind` is apprise's type of message: info, success, warning or failure.
    """
    library = _library()
    said = _Said()
    service = _service(url)
    if service is None:
        return False, hide(said.last or NO_SERVICE, url)
    target = library.Apprise()
    target.add(service)
    result = target.notify(
        body=body,
        title=title,
        notify_type=library.NotifyType(kind),
        body_format=library.NotifyFormat.TEXT,
        timeout=seconds,
    )
    if result.status == library.AppriseResultStatus.SUCCESS:
        return True, ""
    late = result.status == library.AppriseResultStatus.TIMEOUT
    words = f"no answer within {seconds:.0f} s; it may have arrived all the same" if late else said.last
    return False, hide(words or "the service did not take it", url)


def trouble_of(url: str) -> str:
    """Return why apprise cannot use `url`, or nothing; nothing is sent."""
    said = _Said()
    return "" if _service(url) is not None else hide(said.last or NO_SERVICE, url)


def _service(url: str) -> Any:
    # One URL is one target: `add` would take a list apart and hide that one of them failed.
    return _library().Apprise.instantiate(url.strip())


def _library() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of what its plugins import on this Python
        import apprise

        apprise.Apprise.instantiate("json://localhost")  # which is when the plugins are imported
    return apprise


class _Said(logging.Handler):
    """Keeps what apprise says of a failure; below a warning its words hold what was sent."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._lines: list[str] = []
        log = logging.getLogger("apprise")
        log.handlers[:] = [self]
        log.propagate = False

    def emit(self, record: logging.LogRecord) -> None:
        """Keep one line."""
        self._lines.append(record.getMessage())

    @property
    def last(self) -> str:
        """The lines, newest last."""
        return "; ".join(_distinct(self._lines))


def _distinct(lines: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(line.strip() for line in lines if line.strip()))


if __name__ == "__main__":
    main()
