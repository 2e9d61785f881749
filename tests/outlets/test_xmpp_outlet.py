"""Announcements in a room and to a whole server, on a real Prosody: said once, with its proof, and taken back."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from outagetui.core.model import Outlet
from outagetui.core.outlet_options import XmppOutletOptions
from outagetui.outlets import Delivered, Delivery, Placed, Tools, find, publish, retract, seen
from outagetui.protocols.xmpp.office import Office
from tests.kit.scripted_servers import Pki, open_descriptors, settle
from tests.kit.xmpp_steps import PASSWORDS, Server, XmppUser, online
from tests.outlets.kit import delivery_of
from tests.outlets.mailkit import tools_at
from tests.servers.prosody import ROOMS, Prosody

ROOM = f"lobby@{ROOMS}"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    pki = Pki(tmp_path_factory.mktemp("pki"))
    prosody = Prosody(
        tmp_path_factory.mktemp("prosody"),
        certificate=pki.pem("example.test"),
        options='admins = { "watch@example.test" }',
        modules=("announce",),
    )
    try:
        prosody.start()
        for name, word in PASSWORDS.items():
            prosody.add_user(name, word)
        yield Server(prosody, pki)
    finally:
        prosody.stop()


@pytest.fixture
def server(running: Server) -> Iterator[Server]:
    running.prosody.add_room("lobby")
    running.prosody.in_room("lobby", "r:set_affiliation(true, 'watch@example.test', 'owner') return 1")
    running.prosody.in_room("lobby", f"r:set_subject('{ROOM}/desk', 'Welcome <&>') return 1")
    yield running
    running.prosody.group.thaw()
    running.prosody.fault()
    running.prosody.destroy_room("lobby")


@pytest.fixture(autouse=True)
async def nothing_left() -> AsyncIterator[None]:
    """Fail a test that leaves a socket open or a task running."""
    before = open_descriptors()
    yield
    await settle()
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert len(open_descriptors()) <= len(before)


def outlet_at(server: Server, *, timeout: float = 10.0, user: str = "watch", **options: Any) -> Outlet:
    given = {
        "login": f"xmpp://{user}@example.test",
        "secret": "mail",
        "ca": server.pki.ca,
        "connect": f"127.0.0.1:{server.prosody.port}",
        **(options or {"room": ROOM}),
    }
    return Outlet(
        id="room",
        name="Room",
        kind="xmpp",
        audience="customers",
        url=f"xmpp:{ROOM}?join",
        timeout=timeout,
        options=msgspec.convert(given, XmppOutletOptions),
    )


def tools(place: Path, user: str = "watch") -> Tools:
    made = tools_at(place, PASSWORDS[user])
    return replace(made, hide=lambda text: text.replace(PASSWORDS[user], "[secret]"), now=time.time)


def part_of(outlet: Outlet, part: int = 0, done: tuple[Delivered, ...] = (), **more: Any) -> Delivery:
    return delivery_of(outlet, part, done, **{"at": time.time(), **more})


@asynccontextmanager
async def listening(server: Server) -> AsyncIterator[tuple[XmppUser, Office]]:
    """Be in the room as Ada."""
    async with online(server, "ada") as ada:
        office = Office(ada.session, ROOM)
        taken = office.take

        def take(stanza: Any) -> None:
            ada.came.append(stanza)
            taken(stanza)

        office.take = take  # type: ignore[method-assign]
        await office.enter("ada", create=False)
        ada.came.clear()
        yield ada, office


async def test_it_is_said_in_the_room_once_and_becomes_the_subject(server: Server, tmp_path: Path) -> None:
    outlet = outlet_at(server)
    part = part_of(outlet)
    async with listening(server) as (ada, office):
        done = await publish(outlet, part, tools(tmp_path))
        assert done == Delivered("sent", outlet.url, f"outagetui-{part.key}", f"said in {ROOM}")
        again = await publish(outlet, replace(part, again=True), tools(tmp_path))
        assert again == done
        assert await seen(outlet, done, part, tools(tmp_path)) == done
        await office.fence()
        assert part.text is not None
        assert [text for text in ada.texts() if text] == [f"{part.text.title}\n\n{part.text.plain}"]
        assert "@everyone" not in "".join(ada.texts())
        assert office.subject == part.text.title


async def test_later_parts_are_said_too_and_taking_back_restores_the_subject(server: Server, tmp_path: Path) -> None:
    outlet = outlet_at(server)
    async with listening(server) as (ada, office):
        first = await publish(outlet, part_of(outlet), tools(tmp_path))
        second = await publish(outlet, part_of(outlet, 1, (first,)), tools(tmp_path))
        assert (first.state, second.state) == ("sent", "sent")
        await office.fence()
        assert office.subject == "Messenger is disrupted, part 1"
        for _ in range(2):
            taken = await retract(outlet, part_of(outlet, 2, (first, second)), tools(tmp_path))
            assert taken.state == "retracted", taken
        await office.fence()
        assert office.subject == "Welcome <&>"
        said = [text for text in ada.texts() if text]
        assert len(said) == 3
        assert said[2] == "Withdrawn: Messenger is disrupted, part 2"


async def test_a_lost_echo_is_not_known_and_the_room_s_memory_decides(server: Server, tmp_path: Path) -> None:
    outlet = outlet_at(server, timeout=1.5)
    async with listening(server) as (ada, office):
        server.prosody.fault("message-lost")
        done = await publish(outlet, part_of(outlet), tools(tmp_path))
        assert done.state == "unknown", done
        assert "it may have been said" in done.detail
        server.prosody.fault()
        whole = outlet_at(server)
        there = await publish(whole, part_of(outlet, again=True), tools(tmp_path))
        assert there.state == "unknown"
        assert "does not tell" in there.detail
        await office.say("Good morning", "morning")
        later = part_of(outlet, again=True, at=time.time() + 1000)
        sent = await publish(whole, later, tools(tmp_path))
        assert sent.state == "sent", sent
        assert [text.partition("\n")[0] for text in ada.texts() if text] == [
            "Good morning", "Messenger is disrupted, part 0",
        ]  # fmt: skip


async def test_what_was_said_is_found_after_a_crash(server: Server, tmp_path: Path) -> None:
    outlet = outlet_at(server)
    part = part_of(outlet)
    await publish(outlet, part, tools(tmp_path))
    path = tmp_path / "sent" / f"{part.key}.jsonl"
    path.write_text(path.read_text().splitlines()[0] + "\n")  # as if we had ended before the echo came
    found = await find(outlet, part, tools(tmp_path))
    assert found == Delivered("sent", outlet.url, f"outagetui-{part.key}", f"found in {ROOM}")
    assert (await publish(outlet, replace(part, again=True), tools(tmp_path))).state == "sent"
    async with listening(server) as (ada, office):
        await office.fence()
        assert f"outagetui-{part.key}" in office.seen
        assert ada.texts() == []


def another(outlet: Outlet, number: int, title: str) -> Delivery:
    """Return the first part of another announcement."""
    made = part_of(outlet)
    assert made.text is not None
    key = f"{number:024d}"
    return replace(made, announcement=f"a{number}", key=key, title=title, text=replace(made.text, title=title))


def done_with(delivery: Delivery) -> Delivery:
    """Return what an outlet is given to take the delivery back."""
    return replace(delivery, placed=(Placed(part=0, key=delivery.key, at=delivery.at, remote_id="x"),))


@pytest.mark.parametrize(
    ("titles", "retracted", "subjects"),
    [
        (("First", "Second"), (0, 1), ("Second", "Welcome <&>")),
        (("First", "Second"), (1, 0), ("First", "Welcome <&>")),
        (("Same", "Same"), (0, 1), ("Same", "Welcome <&>")),
        (("Same", "Same"), (1, 0), ("Same", "Welcome <&>")),
        (("First", "Second", "Third"), (1, 0, 2), ("Third", "Third", "Welcome <&>")),
        (("First", "Second", "Third"), (1, 2, 0), ("Third", "First", "Welcome <&>")),
    ],
)
async def test_taking_one_back_leaves_the_subject_of_what_still_stands(
    server: Server, tmp_path: Path, titles: tuple[str, ...], retracted: tuple[int, ...], subjects: tuple[str, ...]
) -> None:
    outlet = outlet_at(server)
    told = [another(outlet, 20 + number, title) for number, title in enumerate(titles)]
    async with listening(server) as (_, office):
        for each in told:
            assert (await publish(outlet, each, tools(tmp_path))).state == "sent"
        await office.fence()
        assert office.subject == titles[-1]
        for number, subject in zip(retracted, subjects, strict=True):
            for _ in range(2):  # a retry changes nothing
                done = await retract(outlet, done_with(told[number]), tools(tmp_path))
                assert done.state == "retracted", done
            await office.fence()
            assert office.subject == subject


async def test_a_subject_that_somebody_else_set_meanwhile_stays(server: Server, tmp_path: Path) -> None:
    outlet = outlet_at(server)
    told = another(outlet, 20, "Ours")
    async with listening(server) as (_, office):
        assert (await publish(outlet, told, tools(tmp_path))).state == "sent"
        server.prosody.in_room("lobby", f"r:set_subject('{ROOM}/desk', 'At lunch') return 1")
        done = await retract(outlet, done_with(told), tools(tmp_path))
        words = "said that it is withdrawn; the subject is another one by now, and stays"
        assert (done.state, done.detail) == ("retracted", words)
        await office.fence()
        assert office.subject == "At lunch"


async def test_a_record_of_subjects_that_is_damaged_holds_nothing_up(server: Server, tmp_path: Path) -> None:
    outlet = outlet_at(server)
    told = another(outlet, 20, "Ours")
    (tmp_path / "sent").mkdir(mode=0o700)
    (tmp_path / "sent" / "subjects-room.jsonl").write_text("no record\n")
    async with listening(server) as (_, office):
        done = await publish(outlet, told, tools(tmp_path))
        assert done.state == "sent"
        assert "its subject before will not be put back" in done.detail
        back = await retract(outlet, done_with(told), tools(tmp_path))
        assert back.state == "retracted"
        assert "the subject could not be put back" in back.detail
        await office.fence()
        assert office.subject == "Ours"


async def test_without_the_right_to_the_subject_it_is_said_all_the_same(server: Server, tmp_path: Path) -> None:
    outlet = outlet_at(server, user="eve")
    done = await publish(outlet, part_of(outlet), tools(tmp_path, "eve"))
    assert done.state == "sent"
    assert "its subject could not be changed" in done.detail


@pytest.mark.parametrize(
    ("options", "user", "words"),
    [
        ({"room": f"nowhere@{ROOMS}"}, "watch", "there is no room"),
        ({"room": ROOM, "ca": None}, "watch", "which is not trusted here"),
        ({"room": ROOM, "connect": "127.0.0.1:9"}, "watch", "refused"),
        ({"room": ROOM}, "ada", "refused: not-authorized"),
        ({"announce_to": "example.test"}, "eve", "is no administrator of example.test"),
        ({"announce_to": ROOMS}, "watch", "offers no command that sends announcements"),
        ({"room": "not a room"}, "watch", "is not a room's address"),
    ],
)
async def test_what_is_refused_is_surely_not_said(
    server: Server, tmp_path: Path, options: dict[str, Any], user: str, words: str
) -> None:
    outlet = outlet_at(server, user="watch" if user == "ada" else user, **options)
    own = tools(tmp_path, user)
    done = await publish(outlet, part_of(outlet), own)
    assert done.state == "failed", done
    assert words in done.detail
    assert "canary" not in str(done)
    assert await find(outlet, part_of(outlet), own) is None


async def test_a_server_that_hangs_was_told_nothing(server: Server, tmp_path: Path) -> None:
    outlet = outlet_at(server, timeout=0.8)
    server.prosody.group.freeze()
    done = await publish(outlet, part_of(outlet), tools(tmp_path))
    assert done.state == "failed"
    assert done.detail.endswith(" within 0.8 s"), done


async def test_a_server_announces_it_to_everybody_who_is_online(server: Server, tmp_path: Path) -> None:
    outlet = outlet_at(server, announce_to="example.test")
    part = part_of(outlet)
    async with online(server, "ada") as ada:
        ada.listen("example.test")
        done = await publish(outlet, part, tools(tmp_path))
        assert (done.state, done.detail) == ("sent", "Announcement sent to 2 online users"), done
        assert (await publish(outlet, replace(part, again=True), tools(tmp_path))).state == "sent"
        taken = await retract(outlet, part_of(outlet, 1, (done,)), tools(tmp_path))
        assert taken.state == "retracted"
        await ada.settle()
        assert part.text is not None
        assert ada.texts() == [part.text.plain, "Withdrawn: Messenger is disrupted, part 1"]
