"""What each service does in its own way."""

from typing import Any

import pytest
from msgspec.structs import replace
from outagetui.core.model import Outlet
from outagetui.outlets import Delivered, Tools, find, publish, retract, seen
from outagetui.outlets.bluesky import rkey
from outagetui.outlets.oauth1 import Keys, signature
from outagetui.wording.counting import price
from outagetui.wording.fit import fit
from tests.outlets.kit import AT, CASES, Case, delivery_of, outlet_of, tools_for
from tests.outlets.servers.bluesky import Bluesky
from tests.outlets.servers.cachet import Cachet
from tests.outlets.servers.discourse import Discourse
from tests.outlets.servers.facebook import Facebook, error
from tests.outlets.servers.mastodon import Mastodon
from tests.outlets.servers.service import Answer, Fault, Service, running
from tests.outlets.servers.statuspage import Statuspage
from tests.outlets.servers.wordpress import Wordpress
from tests.outlets.servers.x import X

CASE = {case.kind: case for case in CASES}


def of(service: Service, kind: str, **options: Any) -> tuple[Outlet, Tools, Case]:
    case = CASE[kind]
    return outlet_of(case, service, **options), tools_for(service), case


async def test_mastodon_s_server_itself_knows_the_key_of_a_second_try() -> None:
    service = Mastodon()
    async with running(service):
        outlet, tools, _ = of(service, "mastodon")
        first = await publish(outlet, delivery_of(outlet), tools)
        assert await publish(outlet, delivery_of(outlet), tools) == first
        assert len(service.statuses) == 1
        assert service.written()[0].headers["idempotency-key"] == delivery_of(outlet).key


async def test_a_service_that_calls_a_post_by_our_secret_gets_it_nowhere() -> None:
    service = Mastodon()
    async with running(service):
        outlet, tools, _ = of(service, "mastodon")
        words = {"id": f"1-{service.secret}", "url": f"{service.url}/{service.secret}"}
        service.fault = Fault("instead", Answer(200, words))
        done = await publish(outlet, delivery_of(outlet), tools)
        assert (done.state, done.remote_id, done.url) == ("sent", "1-[secret]", f"{service.url}/[secret]")


async def test_mastodon_s_account_is_looked_through_page_by_page_and_not_for_ever() -> None:
    service = Mastodon()
    async with running(service):
        outlet, tools, _ = of(service, "mastodon")
        part = delivery_of(outlet)
        await publish(outlet, part, tools)
        for number in range(95):
            service.post(f"chatter {number}")
        found = await find(outlet, part, tools)
        assert found is not None
        assert found.state == "sent"
        for number in range(200):
            service.post(f"chatter {number}")
        found = await find(outlet, part, tools)
        assert found is not None
        assert (found.state, found.detail) == ("unknown", "more than 200 newer statuses to look through")


async def test_a_status_with_the_same_words_from_last_month_is_not_this_one() -> None:
    service = Mastodon()
    async with running(service):
        outlet, tools, _ = of(service, "mastodon")
        part = delivery_of(outlet)
        assert part.text is not None
        service.now = AT - 30 * 86400
        service.post(part.text.text)
        assert await find(outlet, part, tools) is None


async def test_wordpress_brings_a_retracted_post_back_and_makes_no_second_one() -> None:
    service = Wordpress()
    async with running(service):
        outlet, tools, _ = of(service, "wordpress")
        part = delivery_of(outlet)
        first = await publish(outlet, part, tools)
        (post,) = service.posts.values()
        assert (post["slug"], post["sticky"]) == (f"notice-{part.key}", True)
        post["status"] = "draft"
        assert await find(outlet, part, tools) is None
        assert (await publish(outlet, part, tools)).remote_id == first.remote_id
        assert len(service.posts) == 1
        assert post["status"] == "publish"
        last = await publish(outlet, delivery_of(outlet, 3, (first,)), tools)
        assert (last.remote_id, post["sticky"]) == (first.remote_id, False)
        assert post["content"].index("This is part 3") < post["content"].index("This is part 0")


async def test_wordpress_leaves_posts_unpinned_unless_told() -> None:
    service = Wordpress()
    async with running(service):
        outlet, tools, _ = of(service, "wordpress", sticky=False)
        await publish(outlet, delivery_of(outlet), tools)
        assert "sticky" not in next(iter(service.posts.values()))


async def test_discourse_itself_knows_the_topic_of_a_second_try() -> None:
    service = Discourse()
    async with running(service):
        outlet, tools, _ = of(service, "discourse")
        first = await publish(outlet, delivery_of(outlet), tools)
        again = await publish(outlet, delivery_of(outlet), tools)
        assert again == replace(first, detail="already there")
        (topic,) = service.topics.values()
        assert topic["title"] == "Messenger is disrupted, part 0 (2026-11-22 13:02 UTC)"
        assert topic["category"] == 4


async def test_a_title_that_is_taken_is_told_in_the_forum_s_words() -> None:
    service = Discourse()
    async with running(service):
        outlet, tools, _ = of(service, "discourse")
        await publish(outlet, delivery_of(outlet), tools)
        other = await publish(outlet, delivery_of(outlet, key="e" * 24), tools)
        assert (other.state, other.detail) == ("failed", "refused (422: Title has already been used)")


async def test_a_reply_is_found_in_a_long_topic() -> None:
    service = Discourse()
    async with running(service):
        outlet, tools, _ = of(service, "discourse")
        first = await publish(outlet, delivery_of(outlet), tools)
        for number in range(30):
            service.post(40, f"Question {number}")
        part = delivery_of(outlet, 1, (first,))
        service.now = part.at
        done = await publish(outlet, part, tools)
        found = await find(outlet, part, tools)
        assert found == replace(done, detail="already there")


async def test_bluesky_logs_in_once_and_again_when_the_session_is_over() -> None:
    service = Bluesky()
    async with running(service):
        outlet, tools, _ = of(service, "bluesky")
        first = await publish(outlet, delivery_of(outlet), tools)
        second = await publish(outlet, delivery_of(outlet, 1, (first,)), tools)
        assert len(service.tokens) == 1
        service.tokens.append("other")
        third = await publish(outlet, delivery_of(outlet, 2, (first, second)), tools)
        assert third.state == "sent"
        assert len(service.tokens) == 3
        reply = service.records[rkey(delivery_of(outlet, 2))]["reply"]
        assert (reply["root"]["uri"], reply["parent"]["uri"]) == (first.remote_id, second.remote_id)


async def test_bluesky_puts_the_same_record_twice_without_a_change() -> None:
    service = Bluesky()
    async with running(service):
        outlet, tools, _ = of(service, "bluesky")
        first = await publish(outlet, delivery_of(outlet), tools)
        assert await publish(outlet, delivery_of(outlet), tools) == first
        assert (len(service.records), service.overwritten) == (1, 0)


async def test_record_keys_are_in_the_order_of_time_and_differ_by_key() -> None:
    outlet, _, _ = of(Bluesky(), "bluesky")
    keys = [rkey(delivery_of(outlet, at=AT + number / 1000)) for number in range(20)]
    assert keys == sorted(set(keys))
    assert rkey(delivery_of(outlet)) != rkey(delivery_of(outlet, key="e" * 24))


def test_a_signature_is_that_of_the_standard() -> None:
    keys = Keys("dpf43f3p2l4k3l03", "kd94hf93k423kf44", "nnch734d00sl2jdk", "pfkkdhi9sl3r4s00")
    params = {
        "oauth_consumer_key": keys.consumer,
        "oauth_token": keys.token,
        "oauth_signature_method": "HMAC-SHA1",
        "oauth_timestamp": "137131202",
        "oauth_nonce": "chapoH",
        "file": "vacation.jpg",
        "size": "original",
    }  # RFC 5849, section 1.2
    assert signature("GET", "http://photos.example.net/photos", keys, params) == "MdpQcU8iPSUjWoN/UDMsK2sui9I="


async def test_x_takes_a_user_s_token_as_well_and_no_half_of_four_keys() -> None:
    service = X()
    async with running(service):
        outlet, _, _ = of(service, "x")
        assert (await publish(outlet, delivery_of(outlet), tools_for(service, "user-token\n"))).state == "sent"
        done = await publish(outlet, delivery_of(outlet), tools_for(service, "a\nb\nc"))
        assert done.state == "failed"
        assert "the secret login holds 3 lines; expected four" in done.detail


async def test_x_s_word_duplicate_means_that_it_is_there() -> None:
    service = X()
    async with running(service):
        outlet, tools, _ = of(service, "x", links=True)
        first = await publish(outlet, delivery_of(outlet), tools)
        assert first.detail == "about $0.200"
        assert await publish(outlet, delivery_of(outlet), tools) == replace(first, detail="already there")
        service.now = AT - 86400
        old = service.post(delivery_of(outlet, 1).text.text)  # type: ignore[union-attr]
        service.now = AT
        done = await publish(outlet, delivery_of(outlet, 1, (first,)), tools)
        assert (done.state, done.detail) == ("failed", "refused, since an earlier post has the same text")
        assert old["id"] in service.posts


async def test_x_answers_to_earlier_parts_and_is_looked_through_in_pages() -> None:
    service = X()
    async with running(service):
        outlet, tools, _ = of(service, "x")
        part = delivery_of(outlet)
        done = await publish(outlet, part, tools)
        assert done.detail == "about $0.015"
        for number in range(150):
            service.post(f"chatter {number}")
        assert await find(outlet, part, tools) == replace(done, detail="already there")
        for number in range(200):
            service.post(f"chatter {number}")
        found = await find(outlet, part, tools)
        assert found is not None
        assert found.state == "unknown"


async def test_x_makes_links_of_bare_domains_and_the_post_is_found_all_the_same() -> None:
    service = X()
    async with running(service):
        outlet, tools, _ = of(service, "x")
        body = "Our shop Example.net/help fails, see shop.example.net.\nAll at example.org/ or https://example.com/"
        text = fit("x", title="Disruption of example.net", body=body, links=True)
        part = delivery_of(outlet, text=text)
        service.fault = Fault("stored")
        assert (await publish(outlet, part, tools)).state == "unknown"
        (post,) = service.posts.values()
        assert {"example.net", "example.org"} <= {each["display_url"] for each in post["entities"]["urls"]}
        there = await publish(outlet, replace(part, again=True), tools)
        assert (there.state, there.remote_id, there.detail) == ("sent", post["id"], "already there")
        assert (await seen(outlet, there, part, tools)).state == "seen"
        assert len(service.posts) == 1


@pytest.mark.parametrize("secret", [None, "user-token\n"])
async def test_what_is_left_to_pay_x_with_is_told_when_x_tells_it(secret: str | None) -> None:
    service = X()
    async with running(service):
        outlet, _, _ = of(service, "x")
        service.balance = 41.5
        done = await publish(outlet, delivery_of(outlet), tools_for(service, secret))
        assert (done.state, done.detail) == ("sent", "about $0.015; $41.50 of credits left")
        service.balance = "much"
        done = await publish(outlet, delivery_of(outlet, 1, (done,)), tools_for(service, secret))
        assert (done.state, done.detail) == ("sent", "about $0.015")


async def test_a_balance_that_is_long_in_coming_holds_up_no_post() -> None:
    service = X()
    async with running(service):
        outlet, tools, _ = of(service, "x", timeout=1.0)
        service.stuck = "/2/usage/credits"
        done = await publish(outlet, delivery_of(outlet), tools)
        assert (done.state, done.detail) == ("sent", "about $0.015")


@pytest.mark.parametrize(
    ("answer", "detail"),
    [
        (
            Answer(402, {"title": "CreditsDepleted", "detail": "Your enrolled account does not have any credits."}),
            "the prepaid credits are used up (402: Your enrolled account does not have any credits.)",
        ),
        (Answer(402, {"title": "Payment Required", "detail": "Pay."}), "refused (402: Pay.)"),
        (Answer(403, {"title": "Forbidden", "detail": "Not permitted."}), "refused (403: Not permitted.)"),
        (Answer(401, {"title": "Unauthorized"}), "the login is refused (401: Unauthorized)"),
    ],
)
async def test_x_s_refusals_are_not_taken_for_a_wrong_login(answer: Answer, detail: str) -> None:
    service = X()
    async with running(service):
        outlet, tools, _ = of(service, "x")
        service.fault = Fault("instead", answer)
        done = await publish(outlet, delivery_of(outlet), tools)
        assert done.state == "failed"
        assert done.detail.startswith(detail)
        there = await publish(outlet, delivery_of(outlet), tools)
        service.fault = Fault("instead", answer)
        taken = await retract(outlet, delivery_of(outlet, 1, (there,)), tools)
        assert taken.detail.startswith(detail)
        service.reading = answer
        found = await find(outlet, delivery_of(outlet), tools)
        assert found is not None
        assert found.detail.startswith(detail)


def test_a_link_makes_a_post_cost_more() -> None:
    told = [price("x", text) for text in ("See our website.", "See https://example.net/", "See example.net")]
    assert (told, price("mastodon", "See example.net")) == ([0.015, 0.2, 0.2], None)


@pytest.mark.parametrize(
    ("answer", "state", "detail"),
    [
        (error(32, "Page request limit reached"), "failed", "asks to wait (32: Page request limit reached)"),
        (error(190, "Session has expired"), "failed", "the login is refused (190: Session has expired)"),
        (error(100, "Invalid parameter"), "failed", "refused (400: Invalid parameter)"),
        (error(2, "Service temporarily unavailable", 500), "unknown", "failed with 500: Service temporarily"),
        (Answer(200, {"nothing": True}), "unknown", "answered 200, but not with id"),
    ],
)
async def test_facebook_s_codes_tell_more_than_its_status(answer: Answer, state: str, detail: str) -> None:
    service = Facebook()
    async with running(service):
        outlet, tools, _ = of(service, "facebook")
        service.fault = Fault("instead", answer)
        done = await publish(outlet, delivery_of(outlet), tools)
        assert done.state == state
        assert done.detail.startswith(detail)


async def test_facebook_s_duplicate_means_that_it_is_there() -> None:
    service = Facebook()
    async with running(service):
        outlet, tools, _ = of(service, "facebook")
        first = await publish(outlet, delivery_of(outlet), tools)
        service.no_twins = True
        again = await publish(outlet, delivery_of(outlet), tools)
        assert (again.state, again.remote_id) == ("sent", first.remote_id)
        assert service.written()[0].form()["link"] == "https://status.example.net/"


@pytest.mark.parametrize("kind", ["statuspage", "cachet"])
async def test_an_incident_has_the_status_that_holds_which_an_update_does_not_change(kind: str) -> None:
    service: Statuspage | Cachet = Statuspage() if kind == "statuspage" else Cachet()
    async with running(service):
        outlet, tools, _ = of(service, kind)
        done: tuple[Delivered, ...] = ()
        for number in range(4):
            part = delivery_of(outlet, number, done)
            done = (*done, await publish(outlet, part, tools))
        assert [each.state for each in done] == ["sent"] * 4
        if isinstance(service, Statuspage):
            (incident,) = service.incidents.values()
            found = [each["status"] for each in incident["incident_updates"]]
            assert found == ["identified", "identified", "monitoring", "resolved"]
            assert incident["deliver_notifications"] is False
        else:
            (first,) = service.incidents.values()
            assert [first["status"], *(each["status"] for _, each in service.updates.values())] == [2, 2, 3, 4]


@pytest.mark.parametrize("zone", [-8, 0, 9])
async def test_an_incident_with_the_same_words_from_last_month_is_not_this_one(zone: int) -> None:
    service = Cachet()
    async with running(service):
        outlet, tools, _ = of(service, "cachet")
        service.zone, service.now = zone, AT - 30 * 86400
        old = await publish(outlet, delivery_of(outlet), tools)
        assert await find(outlet, delivery_of(outlet), tools) is None
        service.now = AT
        new = await publish(outlet, delivery_of(outlet, again=True), tools)
        assert new.remote_id != old.remote_id
        assert await find(outlet, delivery_of(outlet), tools) == replace(new, detail="already there")
