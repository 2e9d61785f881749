"""What an announcement does for its audience, and what to know before it is sent."""

from typing import Any

from msgspec.structs import replace
from outagetui.announce.effect import effect, liked
from outagetui.announce.warnings import Known, host_of, warnings_of
from outagetui.core.model import Config, Segment, State
from outagetui.facts.events import AnnouncementMade
from outagetui.facts.reach import Share
from outagetui.wording.delivery import Fitted
from outagetui.wording.preview import Caution
from tests.kit.outlets_in_memory import outlet, settings
from tests.kit.sample_business import channel

CHANNELS = (channel("messenger"), channel("web", "backup"), channel("phone", "backup"), channel("jabber", "backup"))
ALL = {"messenger": Share(0.0), "web": Share(1.0), "phone": Share(1.0), "jabber": Share(1.0)}


def segment(name: str, people: int, *uses: str, audience: str = "customers") -> Segment:
    return Segment(id=name, audience=audience, people=people, uses=uses)  # type: ignore[arg-type]


SEGMENTS = (
    segment("young", 100, "messenger", "web", "phone"),
    segment("old", 43, "messenger", "phone"),
    segment("far", 17, "messenger"),
    segment("us", 5, "phone", audience="staff"),
)


def test_what_most_people_like_best_comes_first() -> None:
    assert liked(["phone", "web"], "customers", SEGMENTS) == ("web", "phone")
    assert liked(["phone", "web"], "staff", SEGMENTS) == ("phone", "web")
    assert liked(["phone", "web"], "customers", ()) == ("phone", "web")
    second = (segment("a", 10, "web", "phone"), segment("b", 9, "phone"), segment("c", 1, "phone", "phone"))
    assert liked(["web", "phone"], "customers", second) == ("phone", "web")


def test_the_effect_says_who_can_reach_us_and_who_cannot() -> None:
    words = effect(["web", "phone"], "customers", CHANNELS, SEGMENTS, ALL)
    assert words == "names Web and Phone: 143 of 160 can reach us; 17 have only the failed Messenger"
    words = effect(["web"], "customers", CHANNELS, SEGMENTS, ALL)
    assert words == "names Web: 100 of 160 can reach us; 60 have only the failed Messenger"
    assert effect([], "staff", CHANNELS, SEGMENTS, ALL) == (
        "names no account: 0 of 5 can reach us; 5 have only Phone, which is not active"
    )
    assert effect([], "staff", CHANNELS, (), ALL) == "names no account"
    odd = (segment("odd", 3), segment("even", 7, "web"))
    assert effect(["web"], "customers", CHANNELS, odd, ALL) == (
        "names Web: 7 of 10 can reach us; 3 use no channel of ours"
    )


def test_what_is_taken_back_is_the_failed_one_and_not_one_that_is_not_active() -> None:
    assert effect([], "staff", CHANNELS, SEGMENTS, {**ALL, "phone": Share(0.0)}, ["phone"]) == (
        "names no account: 0 of 5 can reach us; 5 have only the failed Phone"
    )


def test_what_is_not_known_to_work_is_not_called_failed() -> None:
    dim = {**ALL, "phone": Share(0.0, certain=False)}
    assert effect(["phone"], "customers", CHANNELS, SEGMENTS[1:], dim) == (
        "names Phone: 0 of 60 can reach us, as far as is known; 43 have only Messenger and Phone, not known to work; "
        "17 have only the failed Messenger"
    )


def test_nobody_is_counted_as_reached_who_may_not_be() -> None:
    half = {**ALL, "messenger": Share(0.75), "web": Share(1.0, certain=False)}
    assert effect([], "customers", CHANNELS, SEGMENTS, half) == (
        "names no account: 120 of 160 can reach us; 40 have only what works in part"
    )
    assert effect(["web"], "customers", CHANNELS, SEGMENTS, half).startswith(
        "names Web: 145 of 160 can reach us, as far as is known; 15 have"
    )
    nearly = {**ALL, "messenger": Share(0.999)}
    assert effect([], "customers", CHANNELS, SEGMENTS, nearly).startswith("names no account: 159 of 160")


# Doubts.


def part(config: Config, *accounts: str, kind: str = "recovering") -> AnnouncementMade:
    named = tuple((each.name, each.address) for each in config.channels if each.id in accounts)
    return AnnouncementMade(
        announcement="a1",
        part=0,
        kind=kind,
        audience="customers",
        texts={"en": ("t", "b")},
        since=0.0,
        next_update=None,
        accounts=named,
        outlets=tuple(each.id for each in config.outlets),
    )


def fitted(**more: Any) -> Fitted:
    whole = {"title": "t", "text": "b", "html": "b", "plain": "b", "count": 1, "limit": 280, **more}
    return Fitted(**whole)


def known(down: str = "", **states: str) -> Known:
    return Known(state_of=lambda name: State(states.get(name, "up")), down=lambda name: down if name == "blog" else "")


def test_where_all_is_well_there_is_nothing_to_warn_of() -> None:
    config = settings("blog", "forum")
    made = part(config, "phone")
    assert warnings_of(config, made, {"blog": fitted(), "forum": fitted()}, known()) == ()


def test_accounts_that_do_not_work_and_having_none_are_told() -> None:
    config = settings("blog")
    words = {"blog": fitted()}
    assert warnings_of(config, part(config, "phone", "mail"), words, known(mail="down", phone="unknown")) == (
        Caution("", "Phone is named and is unknown"),
        Caution("", "Mail is named and is down"),
    )
    assert warnings_of(config, part(config), words, known()) == (
        Caution("", "no account is named: no backup of customers is active"),
    )
    assert warnings_of(config, part(config, kind="resolved"), words, known()) == ()


def test_what_is_said_of_the_primaries_is_compared_with_what_they_are() -> None:
    config = settings("blog")
    words = {"blog": fitted()}

    def warned(kind: str, **states: str) -> list[str]:
        return [each.words for each in warnings_of(config, part(config, "phone", kind=kind), words, known(**states))]

    for kind in ("investigating", "identified", "backup-active", "update"):
        assert warned(kind) == ["no primary of customers fails now"]
        assert warned(kind, chat="down") == []
        assert warned(kind, chat="unknown") == []
    for kind in ("recovering", "resolved"):
        assert warned(kind) == []
        assert warned(kind, chat="partial") == ["Chat fails now"]
    assert warned("drill") == []


def test_what_is_shown_as_if_it_were_active_is_told() -> None:
    config = settings("blog")
    made = part(config, "phone", "mail")
    found = warnings_of(config, made, {"blog": fitted()}, replace(known(), supposed=True))
    assert [each.words for each in found] == [
        "no backup of customers is active: shown as if Phone and Mail were; to send it, activate what is to be named"
    ]


def test_outlets_that_are_down_or_not_known_are_told() -> None:
    config = settings("blog", "forum")
    words = {"blog": fitted(), "forum": fitted()}
    found = warnings_of(
        config, part(config, "phone"), words, known("its checks say it is down since 14:02", forum="unknown")
    )
    assert found == (
        Caution("blog", "its checks say it is down since 14:02: left out, unless it is tried on purpose"),
        Caution("forum", "nothing is known of it now"),
    )
    assert warnings_of(config, part(config, "phone"), {"forum": fitted()}, known(forum="partial")) == (
        Caution("forum", "its checks say it is partial"),
    )
    secretless = replace(known(), unreadable={"blog": "there is no such file"})
    assert warnings_of(config, part(config, "phone"), {"blog": fitted()}, secretless) == (
        Caution("blog", "its secret cannot be read: there is no such file"),
    )


def test_an_outlet_on_the_same_host_as_what_failed_is_told() -> None:
    config = settings("blog")
    made = part(config, "phone", kind="update")

    def said(url: str, hosts: dict[str, set[str]] | None = None, **failing: Any) -> list[str]:
        chat = channel("chat", **failing)
        mine = replace(outlet("blog"), url=url)
        settled = replace(config, outlets=(mine,), channels=(chat, *config.channels[1:]))
        found = warnings_of(settled, made, {"blog": fitted()}, replace(known(chat="down"), hosts=hosts or {}))
        return [each.words for each in found]

    assert said("https://chat.port/") == ["it is on chat.port, as is Chat, which fails"]
    assert said("https://chat.port.example/") == []
    assert said("https://blog.cloud.example/", provider="Cloud.Example") == [
        "it is with Cloud.Example, as is Chat, which fails"
    ]
    same = {"blog": {"192.0.2.1", "127.0.0.1"}, "chat": {"192.0.2.1"}}
    assert said("https://blog.example/", same) == ["it is on 192.0.2.1, as is Chat, which fails"]
    assert said("https://blog.example/", {"blog": {"127.0.0.1"}, "chat": {"127.0.0.1"}}) == []
    assert said("not a url [") == []


def test_what_a_target_names_as_its_host() -> None:
    for target, host in (
        ("tcp://Chat.Example:443", "chat.example"),
        ("xmpp://user@domain.example", "domain.example"),
        ("sip:1000@voice.example", "voice.example"),
        ("dns://[2001:db8::1]:53/name", "2001:db8::1"),
        ("https://[broken", ""),
        ("", ""),
    ):
        assert host_of(target) == host


def test_texts_that_are_cut_and_posts_that_cost_are_told() -> None:
    config = settings("blog", "x")
    config = replace(config, outlets=(config.outlets[0], replace(config.outlets[1], kind="x")))
    short = fitted(shortened=True, count=278, names=("Phone",))
    found = warnings_of(
        config, part(config, "phone", "mail"), {"blog": short, "x": fitted(text="https://a.example/")}, known()
    )
    assert found == (Caution("blog", "shortened to 278 of 280, without Mail"), Caution("x", "costs about $0.200"))
