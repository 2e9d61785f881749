"""One request and its answer by HTTP/2 (RFC 9113): the protocol is the library's, reading and its bounds are ours."""

from typing import TYPE_CHECKING, Final

from outagetui.net.aside import loaded
from outagetui.net.stream import Stream
from outagetui.net.trouble import Phases, fail
from outagetui.protocols.http1_exchange import Answer, Stop, fields
from outagetui.protocols.http_parser import HEADERS_LIMIT, INTERIM_LIMIT, Head, NotHttpError
from outagetui.protocols.http_request import Request

if TYPE_CHECKING:
    from h2.events import Event

_SLICE: Final = 1 << 8  # bytes parsed between two looks at the clock: a frame may be 9
_STREAM: Final = 1  # the only one
_HEADER: Final = 9  # bytes ahead of a frame's body (RFC 9113 section 4.1)
_SETTINGS: Final = 4
_SETTINGS_LIMIT: Final = 600  # bytes: a hundred of them, where a dozen are defined
_GOAWAY: Final = 7


async def ask(stream: Stream, wanted: Request, cookie: str | None, limit: int, phases: Phases, stop: Stop) -> Answer:
    """Send `wanted` and read its answer, as `http1_exchange.ask`."""
    await loaded("h2.connection")
    from h2.exceptions import ProtocolError

    try:
        return await _Exchange(stream, wanted, limit, phases, stop).run(cookie)
    except ProtocolError:  # whose words quote the answer
        raise NotHttpError("it is not proper HTTP/2") from None


class _Exchange:
    def __init__(self, stream: Stream, wanted: Request, limit: int, phases: Phases, stop: Stop) -> None:
        from h2.config import H2Configuration
        from h2.connection import H2Connection

        self._stream, self._wanted, self._limit, self._phases, self._stop = stream, wanted, limit, phases, stop
        self._connection = H2Connection(H2Configuration(client_side=True, header_encoding=None))
        self._head: Head | None = None
        self._body = bytearray()
        self._unread = bytearray()
        self._unsent = wanted.body
        self._received = self._interim = 0
        self._ended = self._stopped = False

    async def run(self, cookie: str | None) -> Answer:
        from h2.settings import SettingCodes

        self._connection.local_settings = type(self._connection.local_settings)(
            client=True,
            initial_values={
                SettingCodes.ENABLE_PUSH: 0,
                SettingCodes.INITIAL_WINDOW_SIZE: self._limit + 1,
                SettingCodes.MAX_HEADER_LIST_SIZE: HEADERS_LIMIT,
            },
        )
        self._connection.initiate_connection()
        self._connection.increment_flow_control_window(self._limit + 1)
        self._connection.send_headers(_STREAM, _fields(self._wanted, cookie), end_stream=not self._unsent)
        await self._send()
        while not self._over():
            data = await self._stream.read()
            if not data:
                self._closed()
            for at in range(0, len(data), _SLICE):
                self._take(data[at : at + _SLICE])
                if self._over():
                    break
                await self._send()
                await self._stream.turn.share()
        assert self._head is not None
        if self._stopped:
            return Answer(self._head, None)
        return Answer(self._head, bytes(self._body[: self._limit]), truncated=not self._ended)

    def _over(self) -> bool:
        return self._head is not None and (
            self._ended
            or self._stopped
            or len(self._body) > self._limit
            or self._received > 2 * self._limit + HEADERS_LIMIT
        )

    def _closed(self) -> None:
        if not self._received:
            fail("http.no-reply", "the connection was closed without an answer")
        raise NotHttpError("it was closed before its end" if self._head else "it was closed before its answer")

    async def _send(self) -> None:
        """Send what the library has to say, and as much of our body as the far side takes."""
        while self._unsent and (room := self._connection.local_flow_control_window(_STREAM)) > 0:
            part = self._unsent[: min(room, self._connection.max_outbound_frame_size)]
            self._unsent = self._unsent[len(part) :]
            self._connection.send_data(_STREAM, part, end_stream=not self._unsent)
        if data := self._connection.data_to_send():
            await self._stream.write(data)

    def _take(self, data: bytes) -> None:
        self._received += len(data)
        if self._head is None and self._received > 2 * HEADERS_LIMIT:
            raise NotHttpError("it never comes to the point")
        self._unread += data
        at = 0
        while not self._over() and len(self._unread) - at >= _HEADER:
            size = _HEADER + int.from_bytes(self._unread[at : at + 3], "big")
            if size > _HEADER + self._connection.max_inbound_frame_size:
                raise NotHttpError("a frame is longer than it may be")
            if self._unread[at + 3] == _SETTINGS and size > _HEADER + _SETTINGS_LIMIT:
                raise NotHttpError("it has more settings than there are")
            if len(self._unread) - at < size:
                break
            frame = bytes(self._unread[at : at + size])
            at += size
            # The library would take nothing more after a server said that our request is the last one it answers.
            if not _is_farewell(frame):
                for event in self._connection.receive_data(frame):
                    self._see(event)
        del self._unread[:at]

    def _see(self, event: "Event") -> None:
        from h2 import events

        match event:
            case events.ResponseReceived():
                self._phases.enter("transfer")
                lines = tuple((name.decode("latin-1").lower(), value.strip()) for name, value in event.headers)
                status = dict(lines).get(":status", b"")
                if not (status.isdigit() and len(status) == 3):
                    raise NotHttpError("it has no status")
                self._head = Head(int(status), "2", tuple(line for line in lines if not line[0].startswith(":")))
                self._stopped = self._stop(self._head)
            case events.InformationalResponseReceived():
                self._interim += 1
                if self._interim > INTERIM_LIMIT:
                    raise NotHttpError("it never comes to the point")
            case events.DataReceived():
                self._body += event.data
                if len(self._body) <= self._limit:
                    self._connection.acknowledge_received_data(event.flow_controlled_length, _STREAM)
            case events.StreamEnded():
                self._ended = True
            case events.StreamReset():
                raise NotHttpError(f"it was reset with error {int(event.error_code or 0)}")
            case events.ConnectionTerminated():
                raise NotHttpError(f"it was given up with error {int(event.error_code or 0)}")


def _is_farewell(frame: bytes) -> bool:
    """Return whether the far side ends the connection in good order after our request (RFC 9113 section 6.8)."""
    last, error = int.from_bytes(frame[9:13], "big"), frame[13:17]
    return frame[3] == _GOAWAY and last >= _STREAM and error == b"\0\0\0\0"


def _fields(wanted: Request, cookie: str | None) -> list[tuple[bytes, bytes]]:
    regular = fields(wanted, cookie)
    first = {
        ":method": wanted.method,
        ":scheme": wanted.scheme,
        ":authority": regular.pop("host"),
        ":path": wanted.path,
    }
    forbidden = ("keep-alive", "proxy-connection", "te", "upgrade")  # RFC 9113 section 8.2.2
    kept = {name: value for name, value in regular.items() if name not in forbidden}
    return [(name.encode(), value.encode("utf-8", "surrogateescape")) for name, value in (first | kept).items()]
