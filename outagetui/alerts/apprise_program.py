"""The program that hands one message to apprise: `python -m outagetui.alerts.apprise_program`.

A JSON document goes in and one comes out. It is a process of its own: apprise and what it imports take some 50 MB, and
a server that hangs holds one of its threads for good. The URL comes on standard input only, since arguments and
environment can be read by others.
"""

import json
import logging
import os
import re
import sys
import warnings
from collections.abc import Iterable
from typing import Any

from outagetui.alerts.arrival import ArrivalWatch
from outagetui.alerts.hide import hide

NO_SERVICE = 'apprise knows no service for this URL; expected one such as "ntfys://host/topic" or "mailto://…"'
SEVERAL = "holds more than one URL; give each target an outlet of its own"
TARGETS = "names {} targets; give each an outlet of its own, so that it is known what each was sent"
_ANOTHER = re.compile(r"\s|,\s*[a-z0-9]+://", re.IGNORECASE)


def main() -> None:
    """Read the document, send, print what came of it, and leave without waiting for threads that hang."""
    asked = json.loads(sys.stdin.buffer.read())
    sent, detail, doubt = send(
        asked["url"], asked["title"], asked["body"], asked["kind"], asked["seconds"], one=asked["one"]
    )
    sys.stdout.write(json.dumps({"sent": sent, "detail": detail, "doubt": doubt}))
    sys.stdout.flush()
    os._exit(0)


def send(url: str, title: str, body: str, kind: str, seconds: float, *, one: bool = False) -> tuple[bool, str, bool]:
    """Send a plain text to one apprise URL; return whether it was taken, why not without the URL's parts, and whether
    it may have been all the same.

    `kind` is apprise's type of message: info, success, warning or failure. `one` refuses a URL with several targets,
    and tries only once whatever the URL says.
    """
    library = _library()
    said, watch = _Said(), ArrivalWatch()
    service, trouble = _service(url, one=one)
    if trouble:
        return False, hide(said.last or trouble, url), False
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
        return True, "", False
    late = result.status == library.AppriseResultStatus.TIMEOUT
    words = f"no answer within {seconds:.0f} s; it may have arrived all the same" if late else said.last
    return False, hide(words or "the service did not take it", url), late or watch.doubt


def trouble_of(url: str, *, one: bool = False) -> str:
    """Return why apprise cannot use `url`, or nothing; nothing is sent."""
    said = _Said()
    _, trouble = _service(url, one=one)
    return hide(said.last or trouble, url) if trouble else ""


def _service(url: str, *, one: bool) -> tuple[Any, str]:
    """Return what apprise makes of a URL, and why it cannot be used."""
    if one and _ANOTHER.search(url.strip()):
        return None, SEVERAL
    # One URL is one target: `add` would take a list apart and hide that one of them failed.
    service = _library().Apprise.instantiate(url.strip())
    if service is None:
        return None, NO_SERVICE
    if one:
        service.retry = 0
        if (targets := len(service)) > 1:
            return None, TARGETS.format(targets)
    return service, ""


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
