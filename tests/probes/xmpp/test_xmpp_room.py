"""The room probe against the rooms of a real Prosody."""

import asyncio
import itertools
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from outagetui.core.model import Outcome
from outagetui.machine.secrets import Secrets
from outagetui.net.vantage import Vantage
from outagetui.probes import look
from outagetui.protocols.xmpp.session_pool import SessionPool
from tests.kit.cancelling import cancelled_at
from tests.kit.scripted_servers import Pki, make_check, settle
from tests.kit.waiting import until
from tests.probes.xmpp.looks import Look, looking, turned_away
from tests.servers.prosody import ROOMS, Prosody

NUMBERS = itertools.count()


@pytest.fixture
def at(place: Vantage, prosody: Prosody, pki: Pki) -> Look:
    return looking(place, prosody, pki, "xmpp.room")


@pytest.fixture
def office(prosody: Prosody) -> Iterator[str]:
    """A room's name, another one in each test."""
    name = f"office{next(NUMBERS)}"
    prosody.add_room(name)
    yield name
    prosody.fault()
    prosody.destroy_room(name)


async def test_a_message_comes_back_and_nobody_stays(at: Look, prosody: Prosody, office: str) -> None:
    first = await at(room=f"{office}@{ROOMS}")
    second = await at(room=f"{office}@{ROOMS}")
    assert (first.outcome, first.code) == (Outcome.PASS, "")
    assert list(first.phases) == ["resolve", "connect", "tls", "login", "ping", "join", "echo"]
    assert list(second.phases) == ["ping", "join", "echo"]
    assert f"{office}@{ROOMS}: a message as outagetui came back after " in second.detail
    await until(lambda: prosody.occupants(office) == 0)


async def test_nothing_that_is_sent_stands_in_the_rooms_history(at: Look, prosody: Prosody, office: str) -> None:
    assert (await at(room=f"{office}@{ROOMS}")).outcome is Outcome.PASS
    assert prosody.in_room(office, "return #(r._history or {})") == "0"


async def test_staying_joins_once_and_then_asks_whether_it_still_is_in(at: Look, prosody: Prosody, office: str) -> None:
    first = await at(room=f"{office}@{ROOMS}", mode="join", nick="watcher")
    second = await at(room=f"{office}@{ROOMS}", mode="join", nick="watcher")
    assert first.outcome is second.outcome is Outcome.PASS
    assert first.detail == f"{office}@{ROOMS}: in as watcher"
    assert second.detail == f"{office}@{ROOMS}: still in as watcher"
    assert list(second.phases) == ["ping", "join", "self-ping"]
    assert prosody.occupants(office) == 1


async def test_who_was_thrown_out_comes_in_again(at: Look, prosody: Prosody, office: str) -> None:
    assert (await at(room=f"{office}@{ROOMS}", mode="join")).outcome is Outcome.PASS
    prosody.in_room(office, f"r:set_role(true, '{office}@{ROOMS}/outagetui', nil) return 1")
    await until(lambda: prosody.occupants(office) == 0)
    sample = await at(room=f"{office}@{ROOMS}", mode="join")
    assert sample.detail == f"{office}@{ROOMS}: in as outagetui"


async def test_who_was_forgotten_without_a_word_comes_in_again(at: Look, prosody: Prosody, office: str) -> None:
    assert (await at(room=f"{office}@{ROOMS}", mode="join")).outcome is Outcome.PASS
    prosody.in_room(office, "r._occupants, r._jid_nick = {}, {} return 1")
    sample = await at(room=f"{office}@{ROOMS}", mode="join")
    assert sample.detail == f"{office}@{ROOMS}: in as outagetui"
    assert list(sample.phases) == ["ping", "join", "self-ping"]


async def test_a_self_ping_that_gets_lost_between_servers_decides_nothing(
    at: Look, prosody: Prosody, office: str
) -> None:
    assert (await at(room=f"{office}@{ROOMS}", mode="join")).outcome is Outcome.PASS
    prosody.fault("self-ping-lost")
    assert (await at(room=f"{office}@{ROOMS}", mode="join")).code == "xmpp.remote-server-timeout"
    prosody.fault()
    assert (await at(room=f"{office}@{ROOMS}", mode="join")).detail.endswith("still in as outagetui")


async def test_a_room_that_is_gone_is_missing_and_not_made(at: Look, prosody: Prosody, office: str) -> None:
    assert (await at(room=f"{office}@{ROOMS}", mode="join")).outcome is Outcome.PASS
    prosody.destroy_room(office)
    for mode in ("join", "echo"):
        sample = await at(room=f"{office}@{ROOMS}", mode=mode)
        assert (sample.outcome, sample.code) == (Outcome.FAIL, "xmpp.room-missing")
        assert prosody.in_room(office, "return 1") == "gone"
    assert turned_away(sample).code == "reachable"


async def test_a_room_that_joining_has_made_is_destroyed(at: Look, prosody: Prosody) -> None:
    prosody.fault("room-unseen")
    sample = await at(room=f"nowhere@{ROOMS}")
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "xmpp.room-missing")
    assert "joining made it" in sample.detail
    assert prosody.in_room("nowhere", "return 1") == "gone"


async def test_a_room_that_nobody_may_make(place: Vantage, pki: Pki, tmp_path: Path) -> None:
    strict = Prosody(tmp_path / "own", certificate=pki.pem("example.test"), rooms="  restrict_room_creation = true\n")
    strict.start()
    try:
        strict.add_user("watch", "geheim")
        at = looking(place, strict, pki, "xmpp.room")
        clear = await at(room=f"nowhere@{ROOMS}")
        strict.fault("room-unseen")
        unseen = await at(room=f"nowhere@{ROOMS}")
    finally:
        strict.stop()
    assert clear.code == "xmpp.room-missing"
    assert unseen.code == "xmpp.not-allowed"
    assert turned_away(unseen).outcome is Outcome.PASS


async def test_members_only(at: Look, prosody: Prosody, office: str) -> None:
    prosody.in_room(office, "r:set_members_only(true) return 1")
    sample = await at(room=f"{office}@{ROOMS}")
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "xmpp.registration-required")
    assert turned_away(sample).outcome is Outcome.PASS
    prosody.in_room(office, "r:set_affiliation(true, 'watch@example.test', 'member') return 1")
    assert (await at(room=f"{office}@{ROOMS}")).outcome is Outcome.PASS


async def test_banned(at: Look, prosody: Prosody, office: str) -> None:
    assert (await at(room=f"{office}@{ROOMS}", mode="join")).outcome is Outcome.PASS
    prosody.in_room(office, "r:set_affiliation(true, 'watch@example.test', 'outcast') return 1")
    await until(lambda: prosody.occupants(office) == 0)
    for mode in ("join", "echo"):
        sample = await at(room=f"{office}@{ROOMS}", mode=mode)
        assert (sample.outcome, sample.code) == (Outcome.FAIL, "xmpp.forbidden")
    assert turned_away(sample).outcome is Outcome.PASS


async def test_a_room_with_a_password(at: Look, prosody: Prosody, office: str) -> None:
    prosody.in_room(office, "r:set_password('sesam') return 1")
    sample = await at(room=f"{office}@{ROOMS}")
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "xmpp.room-password")


async def test_a_room_where_only_some_may_speak(at: Look, prosody: Prosody, office: str) -> None:
    prosody.in_room(office, "r:set_moderated(true) return 1")
    sample = await at(room=f"{office}@{ROOMS}")
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "xmpp.no-voice")
    assert turned_away(sample).code == "reachable"
    await until(lambda: prosody.occupants(office) == 0)
    assert (await at(room=f"{office}@{ROOMS}", mode="join")).outcome is Outcome.PASS


async def test_a_nick_that_somebody_has_gets_another_ending(
    at: Look, secrets: Secrets, prosody: Prosody, pki: Pki, office: str
) -> None:
    there = Vantage("there", secrets)
    other = looking(there, prosody, pki, "xmpp.room")
    try:
        prosody.add_user("somebody", "geheim")
        held = await other(room=f"{office}@{ROOMS}", mode="join", target="xmpp://somebody@example.test")
        assert held.detail.endswith("in as outagetui")
        sample = await at(room=f"{office}@{ROOMS}")
        assert sample.outcome is Outcome.PASS
        assert "a message as outagetui-" in sample.detail
    finally:
        await there.aclose()


async def test_one_account_can_stay_in_a_room_and_speak_in_it(at: Look, prosody: Prosody, office: str) -> None:
    stay = at(room=f"{office}@{ROOMS}", mode="join")
    speak = at(room=f"{office}@{ROOMS}")
    assert {each.outcome for each in await asyncio.gather(stay, speak)} == {Outcome.PASS}
    assert (await at(room=f"{office}@{ROOMS}", mode="join")).outcome is Outcome.PASS
    assert (await at(room=f"{office}@{ROOMS}")).outcome is Outcome.PASS
    assert prosody.occupants(office) == 1


async def test_messages_that_get_lost_time_out_in_their_phase(at: Look, prosody: Prosody, office: str) -> None:
    prosody.fault("message-lost")
    sample = await at(room=f"{office}@{ROOMS}", within=0.4)
    assert sample.code == "timeout"
    assert "phase echo" in sample.detail
    await until(lambda: prosody.occupants(office) == 0)
    prosody.fault()
    assert (await at(room=f"{office}@{ROOMS}")).outcome is Outcome.PASS


async def test_a_conference_server_that_does_not_exist(at: Look, prosody: Prosody, office: str) -> None:
    prosody.fault("rooms-gone")
    sample = await at(room=f"{office}@{ROOMS}")
    assert (sample.outcome, sample.code) == (Outcome.FAIL, "xmpp.remote-server-not-found")


async def test_a_server_that_hangs_while_we_stay(at: Look, prosody: Prosody, office: str) -> None:
    assert (await at(room=f"{office}@{ROOMS}", mode="join")).outcome is Outcome.PASS
    prosody.group.freeze()
    assert (await at(room=f"{office}@{ROOMS}", mode="join", within=0.3)).code == "timeout"
    assert (await at(room=f"{office}@{ROOMS}", mode="join", within=0.3)).code == "timeout"
    prosody.group.thaw()
    sample = await at(room=f"{office}@{ROOMS}", mode="join")
    assert sample.outcome is Outcome.PASS
    assert ": in as outagetui" in sample.detail
    await until(lambda: prosody.occupants(office) == 1)


async def test_a_room_is_an_address(at: Look) -> None:
    assert (await at(room="office")).code == "option.invalid"
    assert (await at(room=f"office@{ROOMS}/nick")).code == "option.invalid"


@pytest.mark.parametrize("exists", [True, False])
async def test_cancelling_a_look_anywhere_leaves_neither_a_room_nor_anybody_in_one(
    secrets: Secrets, prosody: Prosody, pki: Pki, office: str, exists: bool, no_leaks: None
) -> None:
    vantage = Vantage("here", secrets)
    if not exists:
        prosody.fault("room-unseen")
    room = office if exists else "nowhere"
    check = make_check(
        "xmpp.room",
        "xmpp://watch@example.test",
        connect=f"127.0.0.1:{prosody.port}",
        secret="right",
        ca=pki.ca,
        room=f"{room}@{ROOMS}",
    )
    try:
        number, going = 0, True
        while going:
            number += 1
            deadline = asyncio.get_running_loop().time() + 5
            going = await cancelled_at(partial(look, check, deadline, vantage), number)
            await settle()
            await until(lambda: prosody.occupants(room) == 0)
        assert number > 3
        pool = vantage.shared(SessionPool, lambda: SessionPool(vantage))
        assert all(not each.session._waiting for each in pool._kept.values())
        if not exists:
            await until(lambda: prosody.in_room(room, "return 1") == "gone")
    finally:
        await vantage.aclose()
