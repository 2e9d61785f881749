"""What was accepted and nobody can see yet is looked for again by itself, for as long as somebody may approve it."""

from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from msgspec.structs import replace
from outagetui.announce.outbox import Outbox
from outagetui.announce.waiting import LONGEST_WAIT
from outagetui.core.current import Current
from outagetui.core.model import Outlet, State
from outagetui.daemon.background_delivery import READ_BACK, BackgroundDelivery
from outagetui.facts.announcement import DeliveryRecord
from outagetui.outlets import Tools
from tests.kit.page_outlets import config
from tests.kit.runner_in_memory import MemoryJournal
from tests.outlets.kit import AT, CASES, outlet_of, tools_for
from tests.outlets.mailkit import PEOPLE, outlet_for, tools_at
from tests.outlets.servers.discourse import Discourse
from tests.outlets.servers.post import Post
from tests.outlets.servers.service import Service, running
from tests.outlets.servers.wordpress import Wordpress


class Story:
    """An outbox with one outlet, and a daemon's loop whose sleep is a list: `meanwhile` is called in each."""

    def __init__(self, outlet: Outlet, tools: Tools) -> None:
        self.now = AT
        self.slept: list[float] = []
        self.meanwhile: Callable[[float], Awaitable[None]] | None = None
        self.journal = MemoryJournal()
        self.journal.clock = lambda: self.now
        settings = replace(config(), outlets=(outlet,))
        tools = replace(tools, now=lambda: self.now)
        self.outbox = Outbox(Current(settings), self.journal, lambda _: State.UP, lambda: self.now, tools)
        self.background = BackgroundDelivery(self.outbox, self._sleep)
        self.outlet = outlet

    async def _sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds
        if self.meanwhile is not None:
            await self.meanwhile(self.now)

    async def tell(self) -> DeliveryRecord:
        """Announce, and follow to the end."""
        made = await self.outbox.make("ada", "update", "customers", [self.outlet.id], note="We are on it.")
        self.made = (made.announcement, made.part)
        followed: list[tuple[str, int, str]] = []
        self.outbox.afterwards = lambda *which: followed.append(which)
        await self.outbox.deliver("ada", made.announcement, made.part)
        assert followed == [(made.announcement, made.part, self.outlet.id)]
        await self.background._look(*followed[0])
        return self.record

    @property
    def record(self) -> DeliveryRecord:
        announcement, part = self.made
        return self.journal.ledger.announcements[announcement].delivery(part, self.outlet.id)


def of(kind: str, service: Service) -> Story:
    case = next(case for case in CASES if case.kind == kind)
    return Story(outlet_of(case, service), tools_for(service))


async def test_a_blog_that_holds_posts_is_looked_at_until_its_editor_was_there() -> None:
    blog = Wordpress()
    async with running(blog):
        story = of("wordpress", blog)
        blog.moderated = "pending"

        async def approve(now: float) -> None:
            if now < AT + 600:
                record = story.record
                assert record.state == "unknown"
                assert record.detail.startswith("held until a moderator approves it; again by itself from ")
                assert record.remote_id
                return
            (post,) = blog.posts.values()
            slug = f"notice-{post['content'].partition('notice-')[2].partition(chr(34))[0]}"
            post |= {"status": "publish", "slug": slug, "link": f"{blog.url}/blog/{slug}/"}

        story.meanwhile = approve
        done = await story.tell()
        assert done.state in ("sent", "seen"), done
        assert len(blog.posts) == 1
        assert story.slept[: len(READ_BACK)] == [0.0, 2.0, 3.0, 10.0]
        assert story.slept[len(READ_BACK)] == 60.0
        assert max(story.slept) < 200


@pytest.mark.parametrize("status", ["pending", "future", "private", "draft"])
async def test_what_nobody_sees_is_not_called_sent_and_not_posted_twice(status: str) -> None:
    blog = Wordpress()
    async with running(blog):
        story = of("wordpress", blog)
        blog.moderated = status
        done = await story.tell()
        assert done.state == "unknown"
        assert LONGEST_WAIT <= sum(story.slept) < LONGEST_WAIT + 900
        assert len(story.slept) < 150
        assert done.look_again is None  # it was said for the last time
        if status != "draft":
            await story.outbox.deliver("ada", *story.made, again=True)
            assert len(blog.posts) == 1


async def test_a_forum_that_holds_posts_is_looked_at_as_well() -> None:
    forum = Discourse()
    async with running(forum):
        story = of("discourse", forum)
        forum.moderated, forum.now = True, AT

        async def approve(now: float) -> None:
            forum.now = now
            if now > AT + 300 and forum.held:
                forum.approve(next(iter(forum.held)))

        story.meanwhile = approve
        done = await story.tell()
        assert done.state in ("sent", "seen"), done
        assert len(forum.written()) == 1


@pytest.mark.parametrize(
    ("said", "pause"),
    [
        ("451 4.7.1 Greylisted, please come back later", 300.0),
        ("450 4.2.0 Greylisted, try again in 120 seconds", 120.0),
        ("450 4.7.1 wait 10 minutes", 600.0),
        ("451 4.7.1 try again in 1 s", 60.0),
        ("451 4.7.1 try again in 9999 min", 1800.0),
    ],
)
async def test_letters_that_are_put_off_are_sent_by_themselves_when_their_time_came(
    tmp_path: Path, said: str, pause: float
) -> None:
    async with Post().running() as post:
        story = Story(outlet_for(post.port), tools_at(tmp_path))
        post.answers = dict.fromkeys(PEOPLE, said)

        async def forget(now: float) -> None:
            if now >= AT + 15 + pause:
                post.answers = {}
                assert post.got() == []

        story.meanwhile = forget
        done = await story.tell()
        assert (done.state, done.look_again) == ("sent", None)
        assert sorted(post.got()) == sorted(PEOPLE)
        assert story.slept[-1] == pause


async def test_letters_that_are_put_off_for_ever_are_given_up(tmp_path: Path) -> None:
    async with Post().running() as post:
        story = Story(outlet_for(post.port), tools_at(tmp_path))
        post.answers = {PEOPLE[0]: "451 4.7.1 come back later"}
        done = await story.tell()
        assert (done.state, done.look_again) == ("unknown", None)
        assert done.detail.startswith("4 of 5 accepted; 1 asked to come later")
        assert sorted(post.got()) == sorted(PEOPLE[1:])
        assert 3600 <= sum(story.slept) < 3600 + 1800
