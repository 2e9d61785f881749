"""Steps on a real Prosody: rooms made, filled, spoken in and closed; every way that can go wrong."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from outagetui.actions import Result
from outagetui.net.trouble import Trouble
from outagetui.protocols.xmpp.office import Office
from tests.kit.cancelling import cancelled_at
from tests.kit.scripted_servers import Pki, open_descriptors, settle
from tests.kit.xmpp_steps import PASSWORDS, Server, XmppStepContext, act, online, recover, until_empty
from tests.servers.prosody import ROOMS, Prosody

ADA, EVE = "ada@example.test", "eve@example.test"


def _started(prosody: Prosody) -> Prosody:
    prosody.start()
    for name, word in PASSWORDS.items():
        prosody.add_user(name, word)
    return prosody


@pytest.fixture(scope="module")
def running(pki: Pki, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    prosody = Prosody(
        tmp_path_factory.mktemp("prosody"),
        certificate=pki.pem("example.test"),
        options='admins = { "watch@example.test" }',
        modules=("admin_adhoc",),
    )
    try:
        yield Server(_started(prosody), pki)
    finally:
        prosody.stop()


@pytest.fixture
def server(running: Server) -> Iterator[Server]:
    yield running
    running.prosody.group.thaw()
    running.prosody.fault()
    running.prosody.destroy_room("office")
    running.prosody.in_room("office", "r._data.locked = 0 return 1")


@pytest.fixture
def plain(pki: Pki, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server for one test alone, where nobody is an administrator."""
    prosody = Prosody(tmp_path_factory.mktemp("plain"), certificate=pki.pem("example.test"))
    try:
        yield Server(_started(prosody), pki)
    finally:
        prosody.stop()


@pytest.fixture(autouse=True)
async def nothing_left() -> AsyncIterator[None]:
    """Fail a test that leaves a socket open or a task running."""
    before = open_descriptors()
    yield
    await settle()
    assert asyncio.all_tasks() == {asyncio.current_task()}
    assert len(open_descriptors()) <= len(before)


async def test_a_room_is_made_set_up_and_filled(server: Server) -> None:
    plan = server.plan(
        "xmpp.room",
        room="office",
        members_only=True,
        invite=[ADA, "watch@example.test"],
        subject="The messenger is down <&>",
        text="Everybody here, please.\nOperators in the web chat.",
    )
    async with online(server, "ada", "office") as ada:
        result = await act(plan)
        await ada.settle()
        assert ada.invitations() == [(f"office@{ROOMS}", "The messenger is down <&>")]
    assert result == Result(True, f"office@{ROOMS} made; invited {ADA}; said the text")
    room = server.prosody.in_room
    assert room("office", "return r:get_subject() and select(2, r:get_subject())") == "The messenger is down <&>"
    assert room("office", "return tostring(r:get_persistent()) .. tostring(r:get_members_only())") == "truetrue"
    assert room("office", "return tostring(r:get_public())") == "false"
    assert room("office", "return r:get_name()") == "office"
    assert room("office", f"return r:get_affiliation('{ADA}')") == "member"
    assert room("office", "return #r._history .. r._history[1].stanza:get_child_text('body')").startswith("1Everybody")
    await until_empty(server)


async def test_the_invited_may_enter_a_room_of_members_and_others_may_not(server: Server) -> None:
    assert (await act(server.plan("xmpp.room", room="office", members_only=True, invite=ADA))).done
    async with online(server, "ada", "office") as ada:
        await Office(ada.session, f"office@{ROOMS}").enter("ada", create=False)
    async with online(server, "eve", "office") as eve:
        with pytest.raises(Trouble, match="registration-required"):
            await Office(eve.session, f"office@{ROOMS}").enter("eve", create=False)


async def test_a_room_that_is_there_is_used_as_it_is_and_does_not_count_as_changed(server: Server) -> None:
    server.prosody.add_room("office", "description('the office')", "affiliation(true, 'watch@example.test', 'owner')")
    async with online(server, "ada", "office") as ada:
        result = await act(server.plan("xmpp.room", room="office", invite=ADA, subject="Down"))
        await ada.settle()
        assert ada.invitations() == [(f"office@{ROOMS}", "Down")]
    assert result == Result(True, f"office@{ROOMS} was there already; invited {ADA}", changed=False)
    assert server.prosody.in_room("office", "return r:get_description()") == "the office"
    closed = await act(server.plan("xmpp.room.close", room="office"))
    assert closed == Result(True, f"office@{ROOMS} was there before; left as it is", changed=False)
    assert server.prosody.in_room("office", "return 1") == "1"


async def test_who_is_in_the_room_already_is_not_invited(server: Server) -> None:
    server.prosody.add_room("office", "affiliation(true, 'watch@example.test', 'owner')")
    async with online(server, "ada") as ada:
        await Office(ada.session, f"office@{ROOMS}").enter("ada", create=False)
        result = await act(server.plan("xmpp.invite", room="office", invite=[ADA, EVE], text="come"))
    assert result.done
    assert result.detail == f"office@{ROOMS}; already in: {ADA}; invited {EVE}"


async def test_nobody_is_invited_into_an_open_room_where_members_only_was_asked(server: Server) -> None:
    server.prosody.add_room("office")
    async with online(server, "ada", "office") as ada:
        result = await act(server.plan("xmpp.room", room="office", members_only=True, invite=ADA))
        await ada.settle()
        assert ada.invitations() == []
    assert not result.done
    assert not result.unsure
    assert "is open to everybody" in result.detail


async def test_a_step_takes_back_only_what_it_made(server: Server) -> None:
    assert (await act(server.plan("xmpp.room", room="office", invite=ADA))).done
    async with online(server, "ada", "office") as ada:
        office = Office(ada.session, f"office@{ROOMS}")
        await office.enter("ada", create=False)
        gone = await act(server.plan("xmpp.room.close", room="office", text="all is well again"))
        await ada.settle()
        assert office.nick == ""
    assert gone == Result(True, f"office@{ROOMS} destroyed")
    again = await act(server.plan("xmpp.room.close", room="office"))
    assert again == Result(True, f"there is no room office@{ROOMS} any more", changed=False)
    assert await recover(server.plan("xmpp.room.close", room="office")) is None


async def test_a_room_that_was_closed_can_be_made_again_by_anybody(plain: Server) -> None:
    for _ in range(2):
        assert (await act(plain.plan("xmpp.room", room="office", text="hello"))).done
        assert (await act(plain.plan("xmpp.room.close", room="office"))).done


async def test_a_name_that_the_server_keeps_is_told(plain: Server) -> None:
    plain.prosody.add_room("office")
    plain.prosody.destroy_room("office")
    result = await act(plain.plan("xmpp.room", room="office"))
    assert not result.done
    assert not result.unsure
    assert "keeps the name of a room that was destroyed" in result.detail


async def test_another_try_of_the_step_knows_its_room_again_and_invites_nobody_twice(server: Server) -> None:
    plan = server.plan("xmpp.room", room="office", invite=ADA, text="hello")
    async with online(server, "ada", "office") as ada:
        assert (await act(plan)).done
        again = await act(plan)
        await ada.settle()
        assert len(ada.invitations()) == 1
    assert again.done
    assert again.changed
    assert "all was done by an earlier try" in again.detail
    assert server.prosody.in_room("office", "return #r._history") == "1"
    other = await act(plan, XmppStepContext("f" * 32))
    assert other.detail == f"office@{ROOMS} was there already; invited {ADA}; said the text"


async def test_after_a_crash_the_room_tells_how_far_it_came(server: Server) -> None:
    plan = server.plan("xmpp.room", room="office", invite=ADA, text="hello")
    assert await recover(plan) is None
    assert (await act(server.plan("xmpp.room", room="office"))).done
    assert await recover(server.plan("xmpp.room", room="office", subject="Down")) is None
    assert await recover(plan) == (
        f"office@{ROOMS} was made by this step, and whether {ADA} were invited cannot be looked up"
    )
    assert await recover(server.plan("xmpp.room", room="office", text="hello")) == (
        f"office@{ROOMS} was made by this step, and the text is not among its last messages, "
        "which the room may not keep"
    )
    assert (await act(plan)).done
    assert await recover(plan) == Result(True, f"found the text in office@{ROOMS}, so all was done")
    assert isinstance(await recover(plan, XmppStepContext("f" * 32)), str)


async def test_a_nick_that_somebody_has_is_no_obstacle(server: Server) -> None:
    server.prosody.add_room("office", "affiliation(true, 'watch@example.test', 'owner')")
    async with online(server, "eve") as eve:
        await Office(eve.session, f"office@{ROOMS}").enter("outage-desk", create=False)
        assert (await act(server.plan("xmpp.message", room="office", text="hello"))).done


@pytest.mark.parametrize("do", ["xmpp.room", "xmpp.room.close", "xmpp.invite", "xmpp.message", "xmpp.account"])
async def test_a_wrong_password_is_told_and_nothing_is_in_doubt(server: Server, do: str) -> None:
    more: dict[str, Any] = {"secret": "new"} if do == "xmpp.account" else {}
    names = {"invite": {"invite": ADA}, "message": {"text": "x"}, "account": {"user": "new@example.test"}}
    more |= ({} if do == "xmpp.account" else {"room": "office"}) | names.get(do[5:], {})
    plan = server.plan(do, **more)
    result = await act(plan, XmppStepContext(jabber="canary-wrong", new="canary-new"))
    assert not result.done
    assert not result.unsure
    assert result.detail.startswith("watch@example.test was refused: not-authorized")
    assert "the secret does not hold the account's password" in result.detail


async def test_a_secret_that_is_missing_is_told(server: Server) -> None:
    result = await act(server.plan("xmpp.room", room="office", facts={"secret": "none"}))
    assert (result.done, result.unsure) == (False, False)
    assert "'none'" in result.detail


async def test_a_server_that_is_not_there_is_told(server: Server) -> None:
    result = await act(server.plan("xmpp.room", room="office", facts={"connect": "127.0.0.1:1"}))
    assert (result.done, result.unsure) == (False, False)
    assert "refused" in result.detail


async def test_a_room_that_is_not_there_is_not_made_by_a_message(server: Server) -> None:
    for plan in (
        server.plan("xmpp.message", room="office", text="hello"),
        server.plan("xmpp.invite", room="office", invite=ADA),
    ):
        result = await act(plan)
        assert (result.done, result.unsure) == (False, False)
        assert f"there is no room office@{ROOMS}" in result.detail
        assert server.prosody.in_room("office", "return 1") == "gone"


async def test_who_may_not_invite_is_told(plain: Server) -> None:
    plain.prosody.add_room("office", "members_only(true)", "affiliation(true, 'watch@example.test', 'member')")
    result = await act(plain.plan("xmpp.invite", room="office", invite=ADA))
    assert (result.done, result.unsure) == (False, False)
    assert "forbidden" in result.detail


async def test_a_subject_that_may_not_be_set_keeps_everybody_from_being_invited(plain: Server) -> None:
    plain.prosody.add_room("office")
    async with online(plain, "ada", "office") as ada:
        result = await act(plain.plan("xmpp.room", room="office", subject="Down", invite=ADA))
        await ada.settle()
        assert ada.invitations() == []
    assert (result.done, result.unsure) == (False, False)
    assert f"office@{ROOMS} was there already; the subject of office@{ROOMS}: forbidden" in result.detail


async def test_a_message_in_a_room_is_said_once(server: Server) -> None:
    server.prosody.add_room("office")
    plan = server.plan("xmpp.message", room="office", text="Call the customers\n\x07back")
    assert await recover(plan) == f"it is not among the last messages of office@{ROOMS}, which the room may not keep"
    first, second = await act(plan), await act(plan)
    assert first == Result(True, f"said in office@{ROOMS}")
    assert second == Result(True, f"office@{ROOMS} has it already")
    assert await recover(plan) == Result(True, f"found in office@{ROOMS}")
    assert server.prosody.in_room("office", "return #r._history") == "1"


async def test_people_get_their_message_and_strangers_are_told(server: Server) -> None:
    both = {"people": [ADA, "nobody@example.test"]}
    async with online(server, "ada") as ada:
        result = await act(server.plan("xmpp.message", facts=both, user="@staff", text="<b>call</b> me"))
        await ada.settle()
        assert ada.texts() == ["<b>call</b> me"]
    assert (result.done, result.unsure) == (False, False)
    assert result.detail.startswith(f"taken by the server for {ADA}; came back: nobody@example.test: ")
    assert isinstance(await recover(server.plan("xmpp.message", user=ADA, text="x")), str)


async def test_a_message_that_gets_no_answer_is_unsure(server: Server) -> None:
    server.prosody.add_room("office")
    server.prosody.fault("message-lost")
    result = await act(server.plan("xmpp.message", timeout=1.0, room="office", text="hello"))
    assert (result.done, result.unsure) == (False, True)
    assert result.detail == f"it may have been said in office@{ROOMS}; no answer within 1 s"


async def test_an_account_is_made_and_one_that_is_there_keeps_its_password(server: Server) -> None:
    plan = server.plan("xmpp.account", user="bob@example.test", secret="new")
    assert await act(plan, XmppStepContext(new="canary-bob")) == Result(True, "bob@example.test made")
    test = "return tostring(require'core.usermanager'.test_password('bob', 'example.test', '{}'))"
    assert server.prosody.run(test.format("canary-bob")) == "true"
    again = await act(plan, XmppStepContext(new="canary-other"))
    assert again == Result(True, "bob@example.test is there already, with the password it has", changed=False)
    assert server.prosody.run(test.format("canary-bob")) == "true"
    assert await recover(plan) is None


async def test_only_administrators_make_accounts(server: Server, plain: Server) -> None:
    plan = server.plan(
        "xmpp.account", user="new@example.test", secret="new", facts={"target": "xmpp://ada@example.test"}
    )
    result = await act(plan, XmppStepContext(jabber=PASSWORDS["ada"], new="canary-new"))
    assert (result.done, result.unsure) == (False, False)
    assert "ada@example.test is no administrator of example.test" in result.detail
    result = await act(
        plain.plan("xmpp.account", user="new@example.test", secret="new"), XmppStepContext(new="canary-new")
    )
    assert (result.done, result.unsure) == (False, False)
    assert "offers no command that makes accounts" in result.detail
    result = await act(server.plan("xmpp.account", user="new@example.test", secret="new"), XmppStepContext(new=""))
    assert "is empty" in result.detail


async def test_a_frozen_server_leaves_no_doubt_where_nothing_was_asked_of_it(server: Server) -> None:
    server.prosody.group.freeze()
    result = await act(server.plan("xmpp.room", timeout=0.5, room="office"))
    assert (result.done, result.unsure) == (False, False)


@pytest.mark.parametrize("do", ["xmpp.room", "xmpp.room.close", "xmpp.invite", "xmpp.message"])
async def test_a_server_that_freezes_or_ends_amid_a_step_leaves_it_unsure(
    server: Server, plain: Server, do: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The request is on its way when the far side stops, so nobody can tell what became of it."""
    names: dict[str, dict[str, Any]] = {"xmpp.invite": {"invite": ADA}, "xmpp.message": {"text": "x"}}
    for far, stop, words in (
        (server, server.prosody.group.freeze, "no answer within"),
        (plain, plain.prosody.stop, ""),
    ):
        if do != "xmpp.room":
            assert (await act(far.plan("xmpp.room", room="office"))).done
        for name in ("_try", "destroy", "invite", "say"):
            real = getattr(Office, name)

            async def stopping(self: Office, *args: Any, real: Any = real, name: str = name, stop: Any = stop) -> Any:
                if name != "_try" or do == "xmpp.room":
                    stop()
                return await real(self, *args)

            monkeypatch.setattr(Office, name, stopping)
        result = await act(far.plan(do, timeout=0.6, room="office", **names.get(do, {})))
        monkeypatch.undo()
        assert (result.done, result.unsure) == (False, True), result
        assert "may have been" in result.detail
        assert words in result.detail
    server.prosody.group.thaw()


@pytest.mark.parametrize(
    ("do", "options"),
    [
        ("xmpp.room", {"room": "office", "invite": ADA, "members_only": True, "subject": "s", "text": "t"}),
        ("xmpp.room.close", {"room": "office"}),
        ("xmpp.invite", {"room": "office", "invite": ADA}),
        ("xmpp.message", {"room": "office", "text": "t"}),
        ("xmpp.message", {"user": ADA, "text": "t"}),
        ("xmpp.account", {"user": "carl@example.test", "secret": "new"}),
    ],
)
async def test_cancelling_a_step_anywhere_leaves_no_task_no_socket_and_nobody_in_the_room(
    server: Server, do: str, options: dict[str, Any]
) -> None:
    before, number, going = open_descriptors(), 0, True
    while going:
        number += 1
        if do != "xmpp.room" and "room" in options:
            assert (await act(server.plan("xmpp.room", room="office"))).done
        going = await cancelled_at(lambda: act(server.plan(do, **options), XmppStepContext(new="canary-new")), number)
        await settle()
        assert asyncio.all_tasks() == {asyncio.current_task()}
        assert len(open_descriptors()) <= len(before)
        await until_empty(server)
    assert number > 5
