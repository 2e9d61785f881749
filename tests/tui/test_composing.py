"""Composing without a screen: what changed is composed once, and only what was read is sent."""

import asyncio
from typing import Any

from msgspec.structs import replace
from outagetui.core.model import State
from outagetui.tui.composing import DEBOUNCE, RENEW, RETRY, Composing
from outagetui.wording.preview import Proof
from tests.tui.composer_fakes import Daemon, announced, board
from tests.tui.fakes import replace_channel
from tests.tui.plain import PlainOperator, PlainScreen


async def composing(
    daemon: Daemon | None = None, *says: object, made: Any = None
) -> tuple[Composing, PlainScreen, PlainOperator, Daemon]:
    """Somebody whose first texts were composed."""
    daemon = daemon or Daemon()
    operator = PlainOperator(made or board(), daemon, *says)
    screen = PlainScreen(operator)
    one = Composing(screen)
    one.notice()
    await screen.done()
    one.read(one.sheets)
    return one, screen, operator, daemon


async def test_the_texts_are_composed_at_once_and_after_a_change_when_it_rests() -> None:
    one, screen, _, daemon = await composing()
    assert one.ready
    for note in ("w", "we", "we are at it"):
        one.draft.note = note
        one.changed()
    assert not one.ready
    assert [timer.seconds for timer in screen.timers] == [DEBOUNCE] * 3
    for timer in screen.timers:
        timer.go_off()
    await screen.done()
    assert [each.get("note", "") for each in daemon.previews] == ["", "we are at it"]
    assert one.ready


async def test_what_changes_while_the_daemon_composes_is_composed_after_it() -> None:
    daemon = Daemon(hold=asyncio.Event())
    operator = PlainOperator(board(), daemon)
    screen = PlainScreen(operator)
    one = Composing(screen)
    one.notice()
    done = asyncio.create_task(screen.done())
    await asyncio.sleep(0)
    one.draft.note = "hello"
    one.changed()
    screen.timers[-1].go_off()
    assert len(daemon.previews) == 1
    assert daemon.hold is not None
    daemon.hold.set()
    await done
    await screen.done()
    assert [each.get("note", "") for each in daemon.previews] == ["", "hello"]
    assert one.ready


async def test_facts_and_time_make_the_texts_old_but_a_latency_does_not() -> None:
    one, screen, operator, daemon = await composing()
    operator.board = replace_channel(board(), "webchat", latency_ms=99.0)
    one.notice()
    assert len(daemon.previews) == 1
    operator.board = replace_channel(board(), "webchat", standing="active")
    one.notice()
    await screen.done()
    operator.time.now += RENEW
    one.notice()
    await screen.done()
    assert len(daemon.previews) == 3


async def test_a_daemon_that_is_away_is_asked_again() -> None:
    one, screen, operator, daemon = await composing(Daemon(cannot="the daemon does not answer"))
    assert one.composed.trouble == "the daemon does not answer"
    one.send()
    assert operator.asked == []
    daemon.cannot = ""
    operator.time.now += RETRY
    one.notice()
    await screen.done()
    assert one.composed.trouble == ""


async def test_what_was_read_is_sent_and_its_announcement_shown() -> None:
    one, screen, operator, daemon = await composing(None, True, made=board(announcements=(announced(),)))
    one.send()
    await screen.done()
    assert operator.asked == ["Tell customers on 4 outlets now?\nupdate, on Status page, Company blog, Mastodon, X"]
    ((order, fields),) = daemon.sent
    assert (order, fields["update"], fields["outlets"]) == ("announce", "a3", ["page", "blog", "mastodon", "x"])
    assert screen.shown == ("a3", 0)
    assert operator.draft is None


async def test_a_no_sends_nothing_and_keeps_the_draft() -> None:
    one, screen, operator, daemon = await composing(None, False)
    one.send()
    await screen.done()
    assert daemon.sent == []
    assert operator.draft is one.draft


async def test_what_is_not_what_was_read_any_more_is_not_sent() -> None:
    one, screen, operator, daemon = await composing(None, True)

    def fails() -> None:
        operator.board = replace_channel(board(), "webchat", known=State.DOWN)
        one.draft.note = "typed meanwhile"

    operator.meanwhile = fails
    one.send()
    await screen.done()
    assert daemon.sent == []
    assert operator.told == ["nothing was sent: it would say something else by now; read it again"]


async def test_a_yes_holds_when_the_texts_were_composed_anew_and_say_the_same() -> None:
    one, screen, operator, daemon = await composing(None, True)
    made = one.proof
    assert made is not None

    def at(time: str) -> Proof:
        texts = tuple(replace(each, text=f"{each.text} {time}") for each in made.outlets)
        return replace(made, shown=f"composed at {time}", next_update=99.0, outlets=texts)

    def composed_anew() -> None:
        one.proof = at("12:34")

    operator.meanwhile = composed_anew
    one.proof = at("12:33")
    one.read(one.sheets)
    one.send()
    await screen.done()
    ((order, fields),) = daemon.sent
    assert (order, fields["shown"]) == ("announce", "composed at 12:33")


async def test_a_refusal_keeps_every_word() -> None:
    one, screen, _, daemon = await composing(Daemon(refuse="the disk is full"), True)
    one.send()
    await screen.done()
    assert one.composed.trouble == "not sent: the disk is full"
    assert not one.sending
    assert screen.shown is None
    assert len(daemon.sent) == 1


async def test_no_outlet_is_never_all_of_them() -> None:
    one, screen, operator, daemon = await composing()
    one.draft.off = {row.id for row in one.places}
    one.changed()
    screen.timers[-1].go_off()
    await screen.done()
    assert "every outlet is left out" in one.composed.trouble
    one.send()
    assert operator.asked == []
    assert len(daemon.previews) == 1


async def test_words_that_were_begun_are_there_again() -> None:
    one, screen, operator, _ = await composing()
    one.draft.note = "hello"
    assert Composing(screen).draft is one.draft
    one.draft.note = ""
    again = Composing(screen).draft
    assert again is not one.draft
    assert operator.draft is again


async def test_what_was_not_in_sight_to_its_end_is_not_sent() -> None:
    one, screen, operator, daemon = await composing(None, True)
    one.draft.note = "words that nobody has read yet"
    one.changed()
    screen.timers[-1].go_off()
    await screen.done()
    first = one.sheets[0]
    one.read(each for each in one.sheets if each.text != first.text)
    one.send()
    await screen.done()
    assert (daemon.sent, operator.asked, screen.turned) == ([], [], first.id)
    assert operator.told == [f"read what {first.name} is sent to its end first: PgDn shows more"]
    one.read([first])
    one.send()
    await screen.done()
    assert len(daemon.sent) == 1


async def test_times_that_pass_need_not_be_read_again() -> None:
    one, screen, operator, daemon = await composing(None, True)
    daemon.next = "15:09"
    operator.time.now += RENEW
    one.notice()
    await screen.done()
    assert "15:09" in one.sheets[0].text
    one.send()
    await screen.done()
    assert len(daemon.sent) == 1


async def test_a_drill_is_announced_outside_of_one_only_with_a_reason() -> None:
    calm = board(incident=None)
    one, screen, operator, daemon = await composing(None, True, "the yearly rehearsal of the whole house", made=calm)
    one.draft.kind = "drill"
    one.changed()
    screen.timers[-1].go_off()
    await screen.done()
    one.read(one.sheets)
    one.send()
    await screen.done()
    ((_, fields),) = daemon.sent
    assert (fields["kind"], fields["reason"]) == ("drill", "the yearly rehearsal of the whole house")
    assert "No drill is played here" in operator.asked[1]
