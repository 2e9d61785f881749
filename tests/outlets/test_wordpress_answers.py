"""What a real WordPress was seen to answer and to do with texts, told in short."""

import pytest
from msgspec.structs import replace
from outagetui.outlets import find, publish
from tests.outlets.kit import CASES, delivery_of, outlet_of, tools_for
from tests.outlets.servers.service import Answer, running
from tests.outlets.servers.wordpress import Wordpress

CASE = next(case for case in CASES if case.kind == "wordpress")
FORBIDDEN = {"code": "rest_invalid_param", "data": {"status": 400, "params": {"status": "Status is forbidden."}}}


async def test_a_visitor_s_answer_means_that_the_login_was_not_taken() -> None:
    service = Wordpress()
    async with running(service):
        outlet, tools = outlet_of(CASE, service), tools_for(service)
        service.reading = Answer(400, FORBIDDEN)
        done = await publish(outlet, delivery_of(outlet), tools)
        words = "the login is refused (400: Status is forbidden.); check user and the secret login"
        assert (done.state, done.detail) == ("failed", words)
        assert service.written() == []


@pytest.mark.parametrize(
    "answer",
    [
        Answer(200, "<h1>Welcome</h1>"),
        Answer(404, {"code": "rest_no_route", "message": "No route was found."}),
        Answer(301, "", {"Location": "{url}/site/wp-json/wp/v2/posts/?slug=x"}),
    ],
)
async def test_no_list_of_posts_means_another_address_or_plain_permalinks(answer: Answer) -> None:
    service = Wordpress()
    async with running(service):
        outlet, tools = outlet_of(CASE, service), tools_for(service)
        headers = {name: value.format(url=service.url) for name, value in answer.headers.items()}
        service.reading = answer._replace(headers=headers)
        done = await publish(outlet, delivery_of(outlet), tools)
        assert done.state == "failed"
        where = f"no list of posts at {service.url}/site/wp-json/wp/v2/posts ({answer.status})"
        assert done.detail == f"{where}; check url, and that WordPress's permalinks are not plain"
        there = await find(outlet, delivery_of(outlet), tools)
        assert there is not None
        assert there.state == "unknown"


async def test_a_post_that_somebody_deleted_is_made_anew() -> None:
    service = Wordpress()
    async with running(service):
        outlet, tools = outlet_of(CASE, service), tools_for(service)
        first = await publish(outlet, delivery_of(outlet), tools)
        (post,) = service.posts.values()
        service.posts = {99: {**post, "id": 99, "slug": "another"}}
        done = await publish(outlet, delivery_of(outlet, 1, (first,)), tools)
        assert done.state == "sent"
        assert [each["slug"] for each in service.posts.values()] == ["another", post["slug"]]


async def test_what_wordpress_would_make_prettier_or_cut_is_sent_so_that_it_cannot() -> None:
    service = Wordpress()
    async with running(service):
        outlet, tools = outlet_of(CASE, service), tools_for(service)
        part = delivery_of(outlet)
        assert part.text is not None
        html = '<p><a href="xmpp:a--b@x">a--b@x</a> 1x2 max ... :) a: b<br>8-) <a href="sip:1@x">1@x</a></p>'
        await publish(outlet, replace(part, text=replace(part.text, title="a--b <i>", html=html)), tools)
        (post,) = service.posts.values()
        sent = '<p><a href="xmpp:a--b@x">a&#45;&#45;b@x</a> 1&#120;2 max &#46;&#46;&#46; &#58;) a: b<br>&#56;-) 1@x</p>'
        assert sent in post["content"]
        assert post["title"] == "a&#45;&#45;b ‹i›"
