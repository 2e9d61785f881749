"""Every outlet with a login: what is sent is there once, whatever breaks, and what is said of it is true."""

import contextlib
from collections.abc import AsyncIterator

import pytest
from msgspec.structs import replace
from outagetui.core.markup import text_of
from outagetui.core.model import Outlet
from outagetui.outlets import Delivered, Placed, Tools, find, publish, retract, seen
from outagetui.outlets.answers import shows
from tests.kit.scripted_servers import black_hole, refused_port
from tests.outlets.kit import AT, CASES, Case, delivery_of, outlet_of, tools_for
from tests.outlets.servers.service import Answer, Fault, Service, running

pytestmark = pytest.mark.parametrize("case", CASES, ids=[case.kind for case in CASES])
OPENING = ("wordpress", "discourse", "facebook", "statuspage", "cachet")  # later parts go into what the first opened
LOST = ("silent", "dropped", "stored", "stuck", "half", "stalled", "garbled")


@contextlib.asynccontextmanager
async def open_at(case: Case, timeout: float = 5.0) -> AsyncIterator[tuple[Service, Outlet, Tools]]:
    service = case.service()
    async with running(service):
        yield service, outlet_of(case, service, timeout), tools_for(service)


def public(service: Service, part: int) -> int:
    """How many texts of a part the public can read."""
    return sum(f"This is part {part}." in text or f", part {part}" in text for text in service.texts())


def placed(outlet: Outlet, done: tuple[Delivered, ...], known: slice) -> tuple[Placed, ...]:
    """Return what a part is told to be there when of all that is, only a slice is known."""
    return delivery_of(outlet, 3, done).placed[::-1][known][::-1]


async def test_a_part_is_published_once_however_often_it_is_sent(case: Case) -> None:
    async with open_at(case) as (service, outlet, tools):
        part = delivery_of(outlet)
        done = await publish(outlet, part, tools)
        assert done.state == "sent", done
        assert done.url.startswith("http")
        assert done.remote_id
        assert public(service, 0) == 1
        again = await publish(outlet, replace(part, again=True), tools)
        assert (again.state, again.remote_id, again.detail) == ("sent", done.remote_id, "already there")
        assert public(service, 0) == 1


async def test_what_is_public_is_the_text_and_nothing_in_it_acts(case: Case) -> None:
    async with open_at(case) as (service, outlet, tools):
        part = delivery_of(outlet)
        await publish(outlet, part, tools)
        (text,) = service.texts()
        assert "@everyone" not in text
        assert case.kind in ("bluesky", "x", "mastodon", "facebook") or "<script" not in text
        assert part.text is not None
        assert shows(text_of(text) if case.kind == "wordpress" else text, "office@rooms.example.net")
        done = await find(outlet, part, tools)
        assert done is not None
        read = await seen(outlet, done, part, tools)
        assert (read.state, read.url) == ("seen", done.url), read


async def test_what_the_public_cannot_read_is_not_called_seen(case: Case) -> None:
    async with open_at(case) as (service, outlet, tools):
        part = delivery_of(outlet)
        done = await publish(outlet, part, tools)
        if case.kind == "facebook":
            done = replace(done, url=f"{service.url}/posts/{done.remote_id}")
        service.reading = Answer(200, "<h1>Please log in</h1>")
        read = await seen(outlet, done, part, tools)
        assert read.state == "sent"
        assert read.detail
        service.reading = Answer(404, "gone")
        assert (await seen(outlet, done, part, tools)).state == "sent"


async def test_later_parts_belong_to_the_first_and_are_there_once(case: Case) -> None:
    async with open_at(case) as (service, outlet, tools):
        done: tuple[Delivered, ...] = ()
        for number in range(3):
            part = delivery_of(outlet, number, done)
            assert await find(outlet, part, tools) is None
            service.now = part.at
            became = await publish(outlet, part, tools)
            assert became.state == "sent", became
            again = await publish(outlet, replace(part, again=True), tools)
            assert (again.state, again.detail) == ("sent", "already there")
            assert again.remote_id == became.remote_id
            found = became
            if case.kind == "facebook":
                found = replace(became, url=f"{service.url}/posts/{became.remote_id}")
            assert (await seen(outlet, found, part, tools)).state == "seen"
            done = (*done, became)
        assert public(service, 2) == 1
        if case.kind == "facebook":
            assert len(service.texts()) == 1
        else:
            assert [public(service, number) for number in range(3)] == [1, 1, 1]
        taken = await retract(outlet, delivery_of(outlet, 3, done), tools)
        assert taken.state == "retracted", taken
        assert service.texts() == []
        assert (await retract(outlet, delivery_of(outlet, 3, done), tools)).state == "retracted"
        for number in range(3):  # also in what is not there any more
            assert await find(outlet, delivery_of(outlet, number, done[:number]), tools) is None


async def test_parts_that_were_sent_while_an_earlier_one_was_in_doubt_are_found_and_taken_back(case: Case) -> None:
    async with open_at(case) as (service, outlet, tools):
        done: tuple[Delivered, ...] = ()
        for number, known in enumerate((slice(0), slice(0), slice(1, 2), slice(3))):
            service.now = delivery_of(outlet, number).at
            became = await publish(outlet, delivery_of(outlet, number, done, placed=placed(outlet, done, known)), tools)
            assert became.state == "sent", became
            done = (*done, became)
            again = delivery_of(outlet, number, done[:number], again=True)
            assert (await publish(outlet, again, tools)).remote_id == became.remote_id
            assert public(service, number) == 1
        stays = f"unchanged since an earlier doubt: {done[1].url or done[1].remote_id}"
        assert (stays in became.detail) == (case.kind in OPENING), "somebody has to close it by hand"
        taken = await retract(outlet, delivery_of(outlet, 3, done), tools)
        assert (taken.state, service.texts()) == ("retracted", []), taken


@pytest.mark.parametrize("how", LOST)
async def test_a_lost_answer_is_unknown_and_the_next_try_sends_nothing_twice(case: Case, how: str) -> None:
    async with open_at(case, 0.8 if how in ("silent", "stuck", "stalled") else 5.0) as (service, outlet, tools):
        service.fault = Fault(how)
        part = delivery_of(outlet)
        done = await publish(outlet, part, tools)
        assert done.state == "unknown", done
        assert public(service, 0) == (how not in ("silent", "dropped"))
        again = await publish(replace(outlet, timeout=5.0), replace(part, again=True), tools)
        assert again.state == "sent", again
        assert public(service, 0) == 1


@pytest.mark.parametrize("how", ["silent", "stored", "half"])
async def test_a_lost_answer_to_a_later_part_sends_nothing_twice(case: Case, how: str) -> None:
    async with open_at(case, 0.8 if how == "silent" else 5.0) as (service, outlet, tools):
        first = await publish(outlet, delivery_of(outlet), tools)
        service.fault = Fault(how)
        part = delivery_of(outlet, 1, (first,))
        service.now = part.at
        assert (await publish(outlet, part, tools)).state == "unknown"
        again = await publish(replace(outlet, timeout=5.0), replace(part, again=True), tools)
        assert again.state == "sent", again
        assert public(service, 1) == 1


@pytest.mark.parametrize("status", [500, 502, 503, 504, 524])
async def test_an_error_of_the_server_is_unknown_for_it_may_have_stored_it(case: Case, status: int) -> None:
    async with open_at(case) as (service, outlet, tools):
        service.fault = Fault("after", Answer(status, "<h1>Oops</h1>"))
        part = delivery_of(outlet)
        done = await publish(outlet, part, tools)
        assert done.state == "unknown"
        assert "Oops" in done.detail
        assert (await publish(outlet, replace(part, again=True), tools)).state == "sent"
        assert public(service, 0) == 1


@pytest.mark.parametrize(
    ("status", "headers", "wait"),
    [
        (429, {"Retry-After": "30"}, 30.0),
        (503, {"Retry-After": "Sun, 22 Nov 2026 13:03:00 GMT"}, 59.75),
        (429, {"x-rate-limit-reset": str(int(AT) + 900)}, 899.75),
        (503, {}, None),
        (429, {"Retry-After": "soon"}, None),
        (429, {"Retry-After": "9" * 30}, 86400.0),
    ],
)
async def test_a_service_that_asks_to_wait_is_not_asked_again(
    case: Case, status: int, headers: dict[str, str], wait: float | None
) -> None:
    async with open_at(case) as (service, outlet, tools):
        service.fault = Fault("instead", Answer(status, {"error": "Too many"}, headers))
        done = await publish(outlet, delivery_of(outlet), tools)
        assert (done.state, done.retry_after) == ("failed", wait)
        assert "asks to wait" in done.detail
        assert len(service.written()) == 1
        assert service.texts() == []


async def test_a_refused_login_is_told_with_the_service_s_words_and_without_the_secret(case: Case) -> None:
    async with open_at(case) as (service, outlet, _):
        tools = tools_for(service, "wrong-" + service.secret.splitlines()[0])
        done = await publish(outlet, delivery_of(outlet), tools)
        assert done.state == "failed"
        assert "the login is refused" in done.detail
        assert "check the secret login" in done.detail
        assert service.texts() == []
        assert (await find(outlet, delivery_of(outlet), tools)) in (None,) or case.kind != "bluesky"


async def test_what_the_service_says_is_one_short_line_without_the_secret(case: Case) -> None:
    async with open_at(case) as (service, outlet, tools):
        words = f"no \x1b[31m\n{service.secret} \u202e" + "x" * 9000
        service.fault = Fault("instead", Answer(422, {"errors": {"text": [words]}, "message": words}))
        done = await publish(outlet, delivery_of(outlet), tools)
        assert done.state == "failed"
        assert "refused (422" in done.detail
        assert len(done.detail) < 260
        for bad in ("\x1b", "\n", "\u202e", *service.secret.splitlines()):
            assert bad not in done.detail


async def test_without_its_secret_nothing_is_asked(case: Case) -> None:
    async with open_at(case) as (service, outlet, tools):
        options = replace(outlet.options, secret="other")
        done = await publish(replace(outlet, options=options), delivery_of(outlet), tools)
        assert (done.state, done.detail) == ("failed", "secret 'other': there is no such file")
        assert service.requests == []


async def test_a_server_that_is_not_there_surely_has_nothing(case: Case) -> None:
    service = case.service()
    service.url = f"http://127.0.0.1:{refused_port()}"
    outlet = outlet_of(case, service)
    done = await publish(outlet, delivery_of(outlet), tools_for(service))
    assert done.state == "failed"
    assert "refused" in done.detail.lower()
    there = await find(outlet, delivery_of(outlet), tools_for(service))
    assert there is not None
    assert there.state == "unknown"
    again = await publish(outlet, delivery_of(outlet, again=True), tools_for(service))
    assert (again.state, again.detail[:40]) == ("unknown", "not sent again, since it may be there: 1")


async def test_a_server_that_never_answers_the_call_surely_has_nothing(case: Case) -> None:
    with black_hole() as port:
        service = case.service()
        service.url = f"http://127.0.0.1:{port}"
        outlet = outlet_of(case, service, timeout=0.3)
        done = await publish(outlet, delivery_of(outlet), tools_for(service))
        assert done.state == "failed", done


async def test_what_cannot_be_looked_up_is_not_sent_again(case: Case) -> None:
    async with open_at(case) as (service, outlet, tools):
        service.reading = Answer(500, {"error": "no"})
        done = await publish(outlet, delivery_of(outlet, again=True), tools)
        assert done.state == "unknown"
        assert done.detail.startswith("not sent again, since it may be there")
        assert service.written() == []


async def test_a_text_that_is_only_similar_is_not_taken_for_ours(case: Case) -> None:
    async with open_at(case) as (_, outlet, tools):
        other = delivery_of(outlet, key="f" * 24, at=AT + 7)
        assert other.text is not None
        near = replace(other.text, text=other.text.text.replace("part", "bit"))
        assert (await publish(outlet, replace(other, text=near), tools)).state == "sent"
        assert await find(outlet, delivery_of(outlet), tools) is None


async def test_a_redirection_is_not_followed_with_the_login(case: Case) -> None:
    async with open_at(case) as (service, outlet, tools):
        service.fault = Fault("instead", Answer(307, "", {"Location": "https://evil.example/"}))
        done = await publish(outlet, delivery_of(outlet), tools)
        assert done.state == "failed"
        assert "redirects to https://evil.example/" in done.detail


async def test_an_endless_answer_is_cut_off(case: Case) -> None:
    async with open_at(case) as (service, outlet, tools):
        service.fault = Fault("instead", Answer(400, "x" * 4_000_000))
        done = await publish(outlet, delivery_of(outlet), tools)
        assert done.state == "failed"
        assert len(done.detail) < 260


async def test_no_cookie_is_sent_back(case: Case) -> None:
    async with open_at(case) as (service, outlet, tools):
        await publish(outlet, delivery_of(outlet, again=True), tools)
        assert len(service.requests) >= 2 or case.kind == "bluesky"
        assert not any("cookie" in request.headers for request in service.requests)
