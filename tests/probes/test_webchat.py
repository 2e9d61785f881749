"""The web chat probe against a page, Prosody with its guests, and scripts for what no proper server does."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator, Sequence
from functools import partial

import pytest
from outagetui.core.model import Outcome, Sample
from outagetui.net.trouble import Phases
from outagetui.net.vantage import Vantage
from outagetui.protocols.websocket_connection import address, opened
from outagetui.protocols.xmpp_guest import Guest
from tests.kit.cancelling import cancelled_at
from tests.kit.scripted_servers import answering, look_at, refused_port, reply, serve, settle
from tests.servers.chat import GUESTS, LOBBY, ROOMS, ChatPage, ChatRooms
from websockets.asyncio.server import ServerConnection
from websockets.asyncio.server import serve as serve_websocket
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin, Subprotocol

SASL = "urn:ietf:params:xml:ns:xmpp-sasl"
BIND = "urn:ietf:params:xml:ns:xmpp-bind"
STANZAS = "urn:ietf:params:xml:ns:xmpp-stanzas"
OPEN = f"<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' from='{GUESTS}' version='1.0'/>"
FEATURES = (
    "<stream:features xmlns:stream='http://etherx.jabber.org/streams'>"
    f"<mechanisms xmlns='{SASL}'><mechanism>ANONYMOUS</mechanism></mechanisms></stream:features>"
)
SUCCESS = f"<success xmlns='{SASL}'/>"
BOUND = f"<iq xmlns='jabber:client' type='result' id='ID'><bind xmlns='{BIND}'><jid>a@{GUESTS}/b</jid></bind></iq>"
LOGIN: tuple[tuple[str, ...], ...] = ((OPEN, FEATURES), (SUCCESS,), (OPEN, FEATURES), (BOUND,))


@pytest.fixture(scope="module")
def rooms(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChatRooms]:
    server = ChatRooms(tmp_path_factory.mktemp("rooms"))
    yield server.start()
    server.stop()


@pytest.fixture(scope="module")
def running_page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ChatPage]:
    page = ChatPage(tmp_path_factory.mktemp("page"))
    yield page.start()
    page.stop()


@pytest.fixture
def page(running_page: ChatPage) -> Iterator[ChatPage]:
    yield running_page
    running_page.fault("")


async def visit(vantage: Vantage, page: ChatPage, websocket: str, within: float = 5.0, **options: str | None) -> Sample:
    """One look at the whole chat."""
    given = {"widget": "chat-widget", "websocket": websocket, "xmpp_domain": GUESTS, "room": LOBBY}
    return await look_at(vantage, "webchat", page.url, within=within, **(given | options))


async def test_the_page_must_load_and_hold_its_widget(vantage: Vantage, page: ChatPage, no_leaks: None) -> None:
    loads = await look_at(vantage, "webchat", page.url)
    holds = await look_at(vantage, "webchat", page.url, widget='id="chat-\\w+"')
    page.fault("no-widget")
    lost = await look_at(vantage, "webchat", page.url, widget="chat-widget")
    page.fault("503")
    broken = await look_at(vantage, "webchat", page.url)
    assert [each.detail for each in (loads, holds)] == ["the page loads", "the page holds the widget"]
    assert [each.code for each in (loads, holds, lost, broken)] == ["", "", "webchat.widget", "http.503"]
    assert list(holds.phases) == ["page"]


async def test_a_guests_message_comes_back_from_the_room(
    vantage: Vantage, page: ChatPage, rooms: ChatRooms, no_leaks: None
) -> None:
    sample = await visit(vantage, page, rooms.websocket)
    assert (sample.outcome, sample.code) == (Outcome.PASS, "")
    assert sample.detail == f"the page holds the widget, a message to {LOBBY} came back"
    assert list(sample.phases) == ["page", "resolve", "connect", "handshake", "ping", "login", "join", "message"]


async def test_without_a_room_a_guest_logs_in_and_without_xmpp_the_socket_is_pinged(
    vantage: Vantage, page: ChatPage, rooms: ChatRooms
) -> None:
    guest = await visit(vantage, page, rooms.websocket, room=None)
    assert (guest.outcome, guest.detail) == (Outcome.PASS, "the page holds the widget, a guest can log in")

    async def echo(connection: ServerConnection) -> None:
        await connection.wait_closed()

    async with serve_websocket(echo, "localhost", 0, origins=[Origin(f"http://127.0.0.1:{page.port}")]) as server:
        url = f"ws://localhost:{server.sockets[0].getsockname()[1]}"
        socket = await visit(vantage, page, url, room=None, xmpp_domain=None)
    assert (socket.outcome, socket.detail) == (Outcome.PASS, "the page holds the widget, the WebSocket answers")


async def test_nobody_in_the_room_reads_the_message_and_the_guest_leaves(
    vantage: Vantage, page: ChatPage, rooms: ChatRooms
) -> None:
    deadline = asyncio.get_running_loop().time() + 10
    wanted = address(rooms.websocket)
    async with opened(vantage, wanted, Phases(), subprotocol="xmpp", deadline=deadline) as socket:
        operator = Guest(socket, GUESTS)
        await operator.log_in()
        place = await operator.join(LOBBY, Phases())
        assert (await visit(vantage, page, rooms.websocket)).outcome is Outcome.PASS
        seen = [await socket.receive()]
        while "unavailable" not in seen[-1]:
            seen.append(await socket.receive())
        await operator.leave(place)
    messages = [each for each in seen if "<message" in each and "<subject" not in each]
    assert len(messages) == 1
    assert "<body" not in messages[0]


async def test_joining_never_leaves_a_new_room_behind(
    vantage: Vantage, page: ChatPage, rooms: ChatRooms, no_leaks: None
) -> None:
    sample = await visit(vantage, page, rooms.websocket, room=f"gone@{ROOMS}")
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "webchat.room-missing")
    assert rooms.rooms() == [LOBBY]


async def test_a_room_that_guests_may_not_create_is_missing_too(
    vantage: Vantage, page: ChatPage, tmp_path_factory: pytest.TempPathFactory
) -> None:
    strict = ChatRooms(tmp_path_factory.mktemp("strict"), guests_create_rooms=False).start()
    try:
        sample = await visit(vantage, page, strict.websocket, room=f"gone@{ROOMS}")
    finally:
        strict.stop()
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "webchat.room-missing")


async def test_hosts_without_guests_are_told_apart(vantage: Vantage, page: ChatPage, rooms: ChatRooms) -> None:
    staff = await visit(vantage, page, rooms.websocket, xmpp_domain="staff.example.test")
    nobody = await visit(vantage, page, rooms.websocket, xmpp_domain="nobody.example.test")
    assert [each.code for each in (staff, nobody)] == ["webchat.no-guests", "xmpp.host-unknown"]


async def test_a_chat_server_that_hangs_stops_and_comes_back(
    vantage: Vantage, page: ChatPage, tmp_path_factory: pytest.TempPathFactory, no_leaks: None
) -> None:
    server = ChatRooms(tmp_path_factory.mktemp("mortal")).start()
    try:
        server.group.freeze()
        hung = await visit(vantage, page, server.websocket, 0.5)
        server.group.thaw()
        thawed = await visit(vantage, page, server.websocket)
        server.stop()
        stopped = await visit(vantage, page, server.websocket)
        server.start()
        again = await visit(vantage, page, server.websocket)
    finally:
        server.stop()
    assert [each.code for each in (hung, thawed, stopped, again)] == ["timeout", "", "tcp.refused", ""]


async def test_cancelled_at_every_await_no_guest_and_no_room_stay(
    vantage: Vantage, page: ChatPage, rooms: ChatRooms, no_leaks: None
) -> None:
    for room in (LOBBY, f"gone@{ROOMS}"):
        number = 1
        while await cancelled_at(partial(visit, vantage, page, rooms.websocket, room=room), number):
            number += 1
        assert number > 2
    await settle()
    async with asyncio.timeout(10):
        while rooms.rooms() != [LOBBY] or rooms.visitors():
            await asyncio.sleep(0.05)


@contextlib.asynccontextmanager
async def playing(turns: Sequence[Sequence[str]]) -> AsyncIterator[str]:
    """A server that answers each of our messages with the next turn, ID in it being that of our stanza."""

    async def play(connection: ServerConnection) -> None:
        with contextlib.suppress(ConnectionClosed):
            for turn in turns:
                said = str(await connection.recv())
                id = said.partition("id='")[2].partition("'")[0]
                place = said.partition('to="')[2].partition('"')[0]
                for each in turn:
                    await connection.send(each.replace("ID", id).replace("PLACE", place))
            await connection.wait_closed()

    async with serve_websocket(play, "localhost", 0, subprotocols=[Subprotocol("xmpp")]) as server:
        yield f"ws://localhost:{server.sockets[0].getsockname()[1]}/"
    await settle()


def error(name: str, condition: str) -> str:
    """A stanza of the room that says no."""
    reason = f"<error><{condition} xmlns='{STANZAS}'/></error>"
    return f"<{name} xmlns='jabber:client' type='error' id='ID' from='{LOBBY}/x'>{reason}</{name}>"


JOINED = (
    "<presence xmlns='jabber:client' from='PLACE'>"
    "<x xmlns='http://jabber.org/protocol/muc#user'><status code='110'/></x></presence>"
)
OCCUPANT = f"<presence xmlns='jabber:client' from='{LOBBY}/somebody'/>"


@pytest.mark.parametrize(
    ("turns", "code"),
    [
        (((OPEN, "<nonsense"),), "xmpp.protocol"),
        (((OPEN, "<!DOCTYPE x [<!ENTITY a 'b'>]><x>&a;</x>"),), "xmpp.protocol"),
        ((("<x/>",),), "xmpp.protocol"),
        (((OPEN, "<x/>"),), "xmpp.protocol"),
        ((("<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>",),), "xmpp.closed"),
        (((OPEN, FEATURES), (f"<failure xmlns='{SASL}'><not-authorized/></failure>",)), "xmpp.not-authorized"),
        (((OPEN, FEATURES), ("<x/>",)), "xmpp.protocol"),
        ((*LOGIN[:3], (BOUND.replace("<jid>", "<x>").replace("</jid>", "</x>"),)), "xmpp.protocol"),
        ((*LOGIN, (error("presence", "registration-required"),)), "xmpp.registration-required"),
        ((*LOGIN, (error("presence", "item-not-found"),)), "webchat.room-missing"),
        ((*LOGIN, ("<x/>",) * 600), "xmpp.protocol"),
        ((*LOGIN, (JOINED,), (error("message", "forbidden"),)), "xmpp.forbidden"),
        ((*LOGIN, (JOINED,), ("<message xmlns='jabber:client'/>",)), "webchat.not-reflected"),
        ((*LOGIN, (JOINED,), ("<x/>",) * 600), "xmpp.protocol"),
        ((*LOGIN, (OCCUPANT,) * 700 + (JOINED,), ("<message xmlns='jabber:client'/>",)), "webchat.not-reflected"),
        ((*LOGIN, ()), "timeout"),
    ],
)
async def test_each_answer_has_its_code(
    vantage: Vantage, page: ChatPage, turns: Sequence[Sequence[str]], code: str, no_leaks: None
) -> None:
    async with playing(turns) as url:
        sample = await visit(vantage, page, url, 0.5)
    assert (sample.outcome, sample.code) == (Outcome.FAIL, code)
    assert sample.detail.isprintable()


async def test_a_created_room_that_cannot_be_destroyed_is_told(vantage: Vantage, page: ChatPage) -> None:
    created = JOINED.replace("<status code='110'/>", "<status code='110'/><status code='201'/>")
    async with playing((*LOGIN, (created,), (error("iq", "forbidden"),))) as url:
        sample = await visit(vantage, page, url)
    assert (sample.code, sample.detail[-16:]) == ("webchat.room-missing", "stays: forbidden")


async def test_a_page_without_its_socket(vantage: Vantage, page: ChatPage) -> None:
    assert (await visit(vantage, page, f"ws://127.0.0.1:{refused_port()}/")).code == "tcp.refused"
    async with serve(answering(reply("404 Not Found"))) as server:
        assert (await visit(vantage, page, f"ws://127.0.0.1:{server.port}/")).code == "http.404"


SENT_ON = "<close xmlns='urn:ietf:params:xml:ns:xmpp-framing' see-other-uri='{}'/>"


async def test_another_websocket_that_the_server_names_is_gone_to(vantage: Vantage, page: ChatPage) -> None:
    turns = (*LOGIN, (BOUND.replace("<bind", "<x/><bind"),))
    async with playing(turns) as good, playing(((SENT_ON.format(good),),)) as first:
        sample = await visit(vantage, page, first, room=None)
    assert sample.outcome is Outcome.PASS, sample


@pytest.mark.parametrize("where", ["", "http://[::1", "https://chat.test/", "ws://", "ws://a:99999/", "x" * 500])
async def test_another_websocket_that_is_none_is_the_servers_failure(
    vantage: Vantage, page: ChatPage, where: str
) -> None:
    async with playing(((SENT_ON.format(where),),)) as first:
        sample = await visit(vantage, page, first)
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "xmpp.closed")


async def test_a_websocket_that_sends_us_back_to_itself_is_left(vantage: Vantage, page: ChatPage) -> None:
    where: list[str] = []

    async def play(connection: ServerConnection) -> None:
        await connection.recv()
        await connection.send(SENT_ON.format(where[0]))
        await connection.wait_closed()

    async with serve_websocket(play, "localhost", 0, subprotocols=[Subprotocol("xmpp")]) as server:
        where.append(f"ws://localhost:{server.sockets[0].getsockname()[1]}/")
        sample = await visit(vantage, page, where[0])
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "xmpp.closed")


async def test_no_made_up_condition_becomes_a_code(vantage: Vantage, page: ChatPage) -> None:
    failure = f"<failure xmlns='{SASL}'><pencil-pencil/></failure>"
    async with playing(((OPEN, FEATURES), (failure,))) as url:
        assert (await visit(vantage, page, url)).code == "xmpp.undefined-condition"


@pytest.mark.parametrize(
    "turns",
    [
        (
            (OPEN, FEATURES),
            (f"<failure xmlns='{SASL}'><temporary-auth-failure/><text>Too many logins</text></failure>",),
        ),
        (
            (
                OPEN,
                "<stream:error xmlns:stream='http://etherx.jabber.org/streams'>"
                "<policy-violation xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>"
                "<text xmlns='urn:ietf:params:xml:ns:xmpp-streams'>Too many connections</text></stream:error>",
            ),
        ),
    ],
)
async def test_who_says_that_we_come_too_often_is_not_down(
    vantage: Vantage, page: ChatPage, turns: Sequence[Sequence[str]]
) -> None:
    async with playing(turns) as url:
        sample = await visit(vantage, page, url)
    assert (sample.outcome, sample.code) == (Outcome.UNKNOWN, "xmpp.throttled")
