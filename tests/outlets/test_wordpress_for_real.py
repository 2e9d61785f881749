"""The `wordpress` outlet at a real WordPress: what is told of a post is what the database and a visitor see."""

import asyncio
import itertools
import signal
import time
from collections.abc import Iterator

import httpx
import msgspec
import pytest
from msgspec.structs import replace
from outagetui.core.model import Outlet
from outagetui.core.outlet_options import WordpressOptions
from outagetui.machine.secrets import SecretError
from outagetui.outlets import Delivered, Delivery, Tools, find, publish, retract, seen
from outagetui.wording.compose import account_line
from outagetui.wording.fit import fit
from outagetui.wording.neutral import unangled
from tests.outlets.kit import AT, PAGE, delivery_of
from tests.outlets.reader import Reader, fed
from tests.servers.between import between
from tests.servers.wordpress_site import Wordpress

pytestmark = pytest.mark.slow
NUMBERS = itertools.count(1)
ACCOUNTS = (
    ("Büro <b>Süd</b>", "xmpp:team--100x200@rooms.example.net?join"),
    ("Chat", 'https://chat.example.net/?a=1&b="><script>alert(4)</script>'),
    ("Telefon", "sip:100@voice.example.net"),
)
TITLE = "Ausfall <script>alert(6)</script> <b>groß</b> & [caption] \\n 'x' -- 2x3 %s 🛠"
HOSTILE = """\
Größere Störung – „wir“ arbeiten daran. <script>alert(1)</script>
<img src=x onerror=alert(2)> [gallery] [embed]x[/embed]
<!-- wp:html --><b onclick=alert(3)>x</b><!-- /wp:html --> C:\\temp\\neu &lt;i&gt; &amp; %s {{x}}
<?php echo 1; ?> :) ... 3x4
]]><script>alert(5)</script>

https://www.youtube.com/watch?v=abcdefghijk"""


@pytest.fixture(scope="module")
def blog(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Wordpress]:
    server = Wordpress(tmp_path_factory.mktemp("wp")).start()
    try:
        yield server
    finally:
        server.stop()


def outlet_of(blog: Wordpress, *, url: str = "", user: str = "press", timeout: float = 20.0) -> Outlet:
    """Return an outlet of which no post is in the blog yet."""
    made = Outlet(id=f"w{next(NUMBERS)}", name="Blog", kind="wordpress", audience="customers", url=url or blog.url)
    return replace(made, timeout=timeout, options=WordpressOptions(user=user, secret="login", sticky=True))


def tools_of(blog: Wordpress, user: str = "press", password: str | None = None) -> Tools:
    def read(name: str) -> str:
        if name != "login":
            raise SecretError(f"secret {name!r}: there is no such file")
        return f"{blog.passwords[user] if password is None else password}\n"

    def hide(text: str) -> str:
        return text.replace(blog.passwords[user], "[secret]")

    return Tools("Example Hosting", "Europe/Berlin", read, hide, lambda: AT)


def fitted(part: Delivery, title: str, body: str, accounts: tuple[tuple[str, str], ...] = ()) -> Delivery:
    whole = "\n".join([body, "", *(account_line(*each) for each in accounts)])
    text = fit("wordpress", title=title, body=whole, accounts=accounts, page=PAGE)
    return replace(part, title=title, body=whole, accounts=accounts, text=text)


def statuses(blog: Wordpress, part: Delivery) -> list[str]:
    return [status for _, _, status in blog.posts(f"notice-{part.key}")]


def visit(url: str) -> httpx.Response:
    return httpx.get(url, trust_env=False, timeout=20)


async def test_visitors_see_the_post_on_its_page_and_in_the_feed(blog: Wordpress) -> None:
    outlet, tools = outlet_of(blog), tools_of(blog)
    part = fitted(delivery_of(outlet), "Störung der Übertragung", "Größere Ausfälle in Köln, Straße für Straße.")
    assert await find(outlet, part, tools) is None
    done = await publish(outlet, part, tools)
    assert (done.state, done.url) == ("sent", f"{blog.url}/notice-{part.key}/"), done
    page = Reader(visit(done.url).text)
    assert "Störung der Übertragung" in page.text
    assert "Größere Ausfälle in Köln, Straße für Straße." in page.text
    title, text = fed(visit(f"{blog.url}/feed/").text, done.url)
    assert title == "Störung der Übertragung"
    assert "Größere Ausfälle in Köln, Straße für Straße." in text
    assert await find(outlet, part, tools) == replace(done, detail="already there")
    assert await seen(outlet, done, part, tools) == replace(done, state="seen")


async def test_the_same_again_makes_no_second_post(blog: Wordpress) -> None:
    outlet, tools = outlet_of(blog), tools_of(blog)
    part = delivery_of(outlet)
    done = await publish(outlet, part, tools)
    assert await publish(outlet, part, tools) == done
    assert await publish(outlet, replace(part, again=True), tools) == replace(done, detail="already there")
    assert statuses(blog, part) == ["publish"]


async def test_later_parts_come_on_top_of_the_post_which_is_pinned_until_the_last(blog: Wordpress) -> None:
    outlet, tools = outlet_of(blog), tools_of(blog)
    first = delivery_of(outlet)
    done: tuple[Delivered, ...] = ()
    for number in range(4):
        part = delivery_of(outlet, number, done)
        assert await find(outlet, part, tools) is None
        became = await publish(outlet, part, tools)
        assert became.state == "sent", became
        assert await publish(outlet, replace(part, again=True), tools) == replace(became, detail="already there")
        assert (await seen(outlet, became, part, tools)).state == "seen"
        assert (number == 3) != (f"i:{became.remote_id};" in sticky(blog))
        done = (*done, became)
    assert {(each.url, each.remote_id) for each in done} == {(done[0].url, done[0].remote_id)}
    assert statuses(blog, first) == ["publish"]
    text = Reader(visit(done[0].url).text).text
    assert "Messenger is disrupted, part 3" in text
    places = [text.index(f"This is part {number}.") for number in (3, 2, 1, 0)]
    assert places == sorted(places)


def sticky(blog: Wordpress) -> str:
    return blog.ask("SELECT option_value FROM wp_options WHERE option_name = 'sticky_posts'")[0][0]


async def test_what_is_retracted_nobody_sees_and_it_can_come_back_as_the_same_post(blog: Wordpress) -> None:
    outlet, tools = outlet_of(blog), tools_of(blog)
    part = delivery_of(outlet)
    done = await publish(outlet, part, tools)
    later = delivery_of(outlet, 1, (done,))
    taken = await retract(outlet, later, tools)
    assert (taken.state, taken.detail) == ("retracted", "the post is a draft now")
    assert visit(done.url).status_code == 404
    assert done.url not in visit(f"{blog.url}/feed/").text
    assert await find(outlet, part, tools) is None
    read = await seen(outlet, done, part, tools)
    assert (read.state, read.detail) == ("sent", f"{done.url} answers 404 to readers without a login")
    assert (await retract(outlet, later, tools)).state == "retracted"
    assert await publish(outlet, part, tools) == done
    assert statuses(blog, part) == ["publish"]


async def test_a_post_that_somebody_deleted_is_retracted_and_a_later_part_makes_a_new_one(blog: Wordpress) -> None:
    outlet, tools = outlet_of(blog), tools_of(blog)
    first = delivery_of(outlet)
    done = await publish(outlet, first, tools)
    blog.ask(f"DELETE FROM wp_posts WHERE ID = {int(done.remote_id)}")
    part = delivery_of(outlet, 1, (done,))
    taken = await retract(outlet, part, tools)
    assert (taken.state, taken.detail) == ("retracted", "the post is gone")
    became = await publish(outlet, part, tools)
    assert (became.state, became.url) == ("sent", done.url), became
    assert became.remote_id != done.remote_id
    assert statuses(blog, first) == ["publish"]
    assert (await seen(outlet, became, part, tools)).state == "seen"


async def test_a_post_in_the_trash_comes_out_of_it_with_a_later_part(blog: Wordpress) -> None:
    outlet, tools = outlet_of(blog), tools_of(blog)
    first = delivery_of(outlet)
    done = await publish(outlet, first, tools)
    login = ("press", blog.passwords["press"])
    url = f"{blog.url}/wp-json/wp/v2/posts/{done.remote_id}"
    assert httpx.delete(url, auth=login, trust_env=False).status_code == 200
    assert await find(outlet, first, tools) is None
    part = delivery_of(outlet, 1, (done,))
    assert await publish(outlet, part, tools) == done
    assert statuses(blog, first) == ["publish"]


@pytest.mark.parametrize("user", ["press", "nobody", "ü"])
async def test_a_wrong_password_or_user_is_told_and_nothing_is_there(blog: Wordpress, user: str) -> None:
    outlet = outlet_of(blog, user=user)
    part = delivery_of(outlet)
    tools = tools_of(blog, password="abcd efgh ijkl mnop qrst uvwx")
    done = await publish(outlet, part, tools)
    assert done.state == "failed"
    assert "the login is refused (40" in done.detail
    assert "the secret login" in done.detail
    there = await find(outlet, part, tools)
    assert there is not None
    assert there.state == "unknown"
    assert "the login is refused" in there.detail
    assert statuses(blog, part) == []
    right = outlet_of(blog)
    first = await publish(right, delivery_of(right), tools_of(blog))
    later = await publish(right, delivery_of(right, 1, (first,)), tools)
    assert later.state == "failed"
    assert "the login is refused (401: " in later.detail
    assert (await retract(right, delivery_of(right, 1, (first,)), tools)).state == "failed"
    assert statuses(blog, delivery_of(right)) == ["publish"]


async def test_a_user_who_may_not_publish_is_told_so(blog: Wordpress) -> None:
    outlet = outlet_of(blog, user="guest")
    plain = replace(outlet, options=WordpressOptions(user="guest", secret="login"))
    for each in (outlet, plain):
        done = await publish(each, delivery_of(each), tools_of(blog, "guest"))
        assert done.state == "failed"
        assert "the login is refused (403: Sorry, you are not allowed to" in done.detail
    assert statuses(blog, delivery_of(outlet)) == []


async def test_a_blog_with_plain_permalinks_is_told_to_be_one(blog: Wordpress) -> None:
    outlet = outlet_of(blog)
    blog.permalinks("")
    try:
        done = await publish(outlet, delivery_of(outlet), tools_of(blog))
    finally:
        blog.permalinks()
    assert done.state == "failed"
    assert done.detail.endswith("check url, and that WordPress's permalinks are not plain")
    assert statuses(blog, delivery_of(outlet)) == []


async def test_with_its_web_server_stopped_nothing_is_there_and_nothing_is_sent_blindly(blog: Wordpress) -> None:
    outlet, tools = outlet_of(blog), tools_of(blog)
    part = delivery_of(outlet)
    blog.web.stop()
    try:
        done = await publish(outlet, part, tools)
        there = await find(outlet, part, tools)
        again = await publish(outlet, replace(part, again=True), tools)
    finally:
        blog.serve()
    assert (done.state, done.detail) == ("failed", "127.0.0.1: connection refused")
    assert there is not None
    assert (there.state, again.state) == ("unknown", "unknown")
    assert again.detail.startswith("not sent again, since it may be there")
    assert statuses(blog, part) == []
    assert (await publish(outlet, replace(part, again=True), tools)).state == "sent"


async def test_a_database_that_hangs_before_anything_is_written_leaves_nothing(blog: Wordpress) -> None:
    outlet, tools = outlet_of(blog, timeout=0.7), tools_of(blog)
    part = delivery_of(outlet)
    blog.database.freeze()
    try:
        done = await publish(outlet, part, tools)
        there = await find(outlet, part, tools)
    finally:
        blog.database.thaw()
    assert (done.state, done.detail) in (
        ("failed", "could not be handed over within 0.7 s"),
        ("failed", "127.0.0.1: no answer in time"),
    )
    assert there is not None
    assert there.state == "unknown"
    patient = replace(outlet, timeout=20.0)
    assert await find(patient, part, tools) is None
    assert statuses(blog, part) == []


async def test_a_database_that_hangs_amid_publishing_is_unknown_until_it_can_be_looked_up(blog: Wordpress) -> None:
    async with between(blog.port) as proxy:
        outlet, tools = outlet_of(blog, url=proxy.url, timeout=3.0), tools_of(blog)
        part = delivery_of(outlet)
        proxy.before = blog.database.freeze
        try:
            done = await publish(outlet, part, tools)
            there = await find(replace(outlet, timeout=0.5), part, tools)
            again = await publish(replace(outlet, timeout=0.5), replace(part, again=True), tools)
        finally:
            blog.database.thaw()
        assert done.state == "unknown", done
        assert there is not None
        assert (there.state, again.state) == ("unknown", "unknown")
        await proxy.done()
        patient = replace(outlet, timeout=20.0)
        found = await find(patient, part, tools)
        assert found is not None
        assert (found.state, found.detail) == ("sent", "already there")
        assert await publish(patient, replace(part, again=True), tools) == found
        assert statuses(blog, part) == ["publish"]


async def test_a_later_part_that_hangs_is_found_when_it_got_there(blog: Wordpress) -> None:
    outlet, tools = outlet_of(blog), tools_of(blog)
    first = await publish(outlet, delivery_of(outlet), tools)
    part = delivery_of(outlet, 1, (first,))
    blog.freeze()
    try:
        done = await publish(replace(outlet, timeout=0.7), part, tools)
    finally:
        blog.thaw()
    assert done.state == "unknown", done
    until = time.monotonic() + 20
    while (found := await find(outlet, part, tools)) is None and time.monotonic() < until:
        await asyncio.sleep(0.05)
    assert found == replace(first, detail="already there")
    assert (await publish(outlet, replace(part, again=True), tools)) == found
    assert statuses(blog, delivery_of(outlet)) == ["publish"]


async def test_an_error_of_the_database_amid_publishing_is_unknown_and_looked_up(blog: Wordpress) -> None:
    async with between(blog.port) as proxy:
        outlet, tools = outlet_of(blog, url=proxy.url), tools_of(blog)
        part = delivery_of(outlet)
        proxy.before = blog.database.stop
        try:
            done = await publish(outlet, part, tools)
            before = await publish(outlet, part, tools)
        finally:
            blog.open()
        assert (done.state, before.state) == ("unknown", "failed"), (done, before)
        assert "500" in done.detail
        assert await find(outlet, part, tools) is None
        assert (await publish(outlet, replace(part, again=True), tools)).state == "sent"
        assert statuses(blog, part) == ["publish"]


@pytest.mark.parametrize("share", [0.0, 0.1, 0.9])
async def test_a_lost_answer_is_unknown_and_its_post_is_found(blog: Wordpress, share: float) -> None:
    async with between(blog.port) as proxy:
        outlet, tools = outlet_of(blog, url=proxy.url), tools_of(blog)
        part = delivery_of(outlet)
        proxy.cut = share
        done = await publish(outlet, part, tools)
        assert done.state == "unknown", done
        assert statuses(blog, part) == ["publish"]
        found = await find(outlet, part, tools)
        assert found is not None
        assert (found.state, found.detail) == ("sent", "already there")
        assert await publish(outlet, replace(part, again=True), tools) == found
        assert statuses(blog, part) == ["publish"]
        assert (await seen(outlet, found, part, tools)).state == "seen"


@pytest.mark.parametrize("moment", [0.0, 0.01, 0.02, 0.04, 0.08])
async def test_a_web_server_killed_amid_publishing_leaves_one_post_in_the_end(blog: Wordpress, moment: float) -> None:
    def kill() -> None:
        time.sleep(moment)
        blog.web.signal(signal.SIGKILL)

    async with between(blog.port) as proxy:
        outlet, tools = outlet_of(blog, url=proxy.url), tools_of(blog)
        part = delivery_of(outlet)
        proxy.after = kill
        try:
            done = await publish(outlet, part, tools)
        finally:
            blog.web.stop()
            blog.serve()
        there = statuses(blog, part) == ["publish"]
        assert done.state == "unknown" or (there and done.state == "sent"), done
        found = await find(outlet, part, tools)
        assert (found is not None and found.state == "sent") == there
        assert (await publish(outlet, replace(part, again=True), tools)).state == "sent"
        assert statuses(blog, part) == ["publish"]


async def test_an_earlier_try_that_is_carried_out_late_makes_no_double(blog: Wordpress) -> None:
    async with between(blog.port) as proxy:
        outlet, tools = outlet_of(blog, url=proxy.url), tools_of(blog)
        part = delivery_of(outlet)
        late: list[Delivered] = []
        proxy.before = lambda: late.append(asyncio.run(publish(replace(outlet, url=blog.url), part, tools)))
        done = await publish(outlet, part, tools)
        assert done == replace(late[0], detail="already there")
        assert statuses(blog, part) == ["publish"]


@pytest.mark.parametrize("user", ["press", "chief"])
async def test_nothing_in_title_body_or_account_acts_and_all_of_it_shows(blog: Wordpress, user: str) -> None:
    outlet, tools = outlet_of(blog, user=user), tools_of(blog, user)
    part = fitted(delivery_of(outlet), TITLE, HOSTILE, ACCOUNTS)
    done = await publish(outlet, part, tools)
    assert done.state == "sent", done
    page = Reader(visit(done.url).text)
    title, text = fed(visit(f"{blog.url}/feed/").text, done.url)
    from_feed = Reader(text)
    assert part.text is not None
    for shown in (page, from_feed):
        for line in part.text.plain.splitlines():
            assert line.removeprefix("- ").replace("xmpp:", "").replace("?join", "").replace("sip:", "") in shown.text
        assert "xmpp:team--100x200@rooms.example.net?join" in shown.links
        assert not any(link and "100@voice" in link for link in shown.links)  # an author's would lead to the blog
        assert "alert" not in shown.acting
        assert "youtube" not in shown.acting
    assert unangled(TITLE) in page.text
    assert Reader(title).text == unangled(TITLE)  # many a feed reader takes a title for HTML
    assert await seen(outlet, done, part, tools) == replace(done, state="seen")
    later = delivery_of(outlet, 1, (done,))
    history = (msgspec.structs.replace(later.history[0], title=TITLE, body=part.body),)
    became = await publish(outlet, replace(later, history=history), tools)
    page = Reader(visit(became.url).text)
    assert TITLE in page.text
    assert "team--100x200@rooms.example.net" in page.text
    assert "alert" not in page.acting
