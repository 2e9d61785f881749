"""How far a message came that apprise says was not sent: whether it may have arrived all the same.

Apprise tells only that a service did not take it. Of HTTP the answers tell more, of SMTP what was said to the content;
of everything else it is known only whether a connection stood, and then anything may have been said on it.
"""

import contextlib
import errno
import smtplib
import socket
import threading
from collections.abc import Iterator
from typing import Any, Final, cast

_UNDER_WAY: Final = (errno.EINPROGRESS, errno.EWOULDBLOCK, errno.EALREADY)
_REFUSALS: Final = (501,)  # of 5xx: what the server cannot do it did not do


class ArrivalWatch:
    """Watches all connections of this process from now on; `doubt` tells whether anything may have arrived."""

    def __init__(self) -> None:
        self.doubt = False
        self._own = threading.local()  # what is watched more closely does not count as some connection
        self._calling: set[int] = set()  # descriptors whose connection is not known to stand yet
        self._watch_http()
        self._watch_smtp()
        self._watch_sockets()

    @contextlib.contextmanager
    def _closely(self) -> Iterator[None]:
        self._own.depth = getattr(self._own, "depth", 0) + 1
        try:
            yield
        finally:
            self._own.depth -= 1

    def _watch_http(self) -> None:
        from requests import adapters

        below = adapters.HTTPAdapter.send

        def send(adapter: Any, request: Any, *arguments: Any, **options: Any) -> Any:
            changes = request.method not in ("GET", "HEAD")
            reply = None
            with self._closely():
                try:
                    reply = below(adapter, request, *arguments, **options)
                    if not options.get("stream"):
                        _ = reply.content  # which would be read later, where nobody sees that it is cut off
                except Exception as error:
                    refused = reply is not None and 400 <= reply.status_code < 500
                    self.doubt |= changes and not refused and (reply is not None or not _was_not_written(error))
                    raise
            self.doubt |= changes and _leaves_open(reply)
            return reply

        adapters.HTTPAdapter.send = cast("Any", send)  # type: ignore[method-assign]  # every plugin's requests go there

    def _watch_smtp(self) -> None:
        connect_below, data_below = smtplib.SMTP.connect, smtplib.SMTP.data

        def connect(session: Any, *arguments: Any, **options: Any) -> Any:
            with self._closely():
                return connect_below(session, *arguments, **options)

        def data(session: Any, message: Any) -> Any:
            before, self.doubt = self.doubt, True
            try:
                reply = data_below(session, message)
            except smtplib.SMTPDataError:  # it wants no content
                self.doubt = before
                raise
            if 400 <= reply[0] < 600:
                self.doubt = before
            return reply

        smtplib.SMTP.connect = cast("Any", connect)  # type: ignore[method-assign]
        smtplib.SMTP.data = cast("Any", data)  # type: ignore[method-assign]

    def _watch_sockets(self) -> None:
        connect_below, option_below = socket.socket.connect, socket.socket.getsockopt

        def connect(sock: Any, address: Any) -> None:
            counts = sock.type == socket.SOCK_STREAM and not getattr(self._own, "depth", 0)
            try:
                connect_below(sock, address)
            except OSError as error:
                if counts and error.errno in _UNDER_WAY:
                    self._calling.add(sock.fileno())
                raise
            self.doubt |= counts

        def getsockopt(sock: Any, *arguments: Any) -> Any:
            value = option_below(sock, *arguments)
            if arguments == (socket.SOL_SOCKET, socket.SO_ERROR) and sock.fileno() in self._calling:
                self._calling.discard(sock.fileno())
                self.doubt |= value == 0
            return value

        socket.socket.connect = cast("Any", connect)  # type: ignore[method-assign]
        socket.socket.getsockopt = cast("Any", getsockopt)  # type: ignore[method-assign]


def _leaves_open(reply: Any) -> bool:
    """Return whether an answer leaves open what became of the request: any 5xx that is no clear refusal."""
    status = reply.status_code
    asks_to_wait = status == 503 and "Retry-After" in reply.headers
    return bool(status >= 500 and status not in _REFUSALS and not asks_to_wait)


def _was_not_written(error: Exception) -> bool:
    from requests import exceptions
    from urllib3.exceptions import NewConnectionError

    if isinstance(error, exceptions.ConnectTimeout | exceptions.SSLError | exceptions.ProxyError | ValueError):
        return True
    return isinstance(getattr(error.args[0] if error.args else None, "reason", None), NewConnectionError)
