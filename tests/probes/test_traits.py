"""Common fate: what two channels hang on together, found by looking and told for the pairs where it matters."""

from typing import Any

from outagetui.core.model import Channel
from outagetui.facts.common_fate import Fate, Trait, common
from outagetui.net.vantage import Vantage
from outagetui.probes.traits import traits_of
from tests.kit.scripted_servers import Pki, hanging, make_check, serve


def channel(name: str, role: str = "backup", audience: str = "customers", **more: Any) -> Channel:
    return Channel(id=name, name=name, role=role, audience=audience, **more)  # type: ignore[arg-type]


def test_only_pairs_that_should_not_fail_together_are_compared() -> None:
    chat, phone = channel("chat", backs_up=("messenger",)), channel("phone")
    room, messenger = channel("room", audience="staff"), channel("messenger", "primary")
    channels = [chat, phone, room, messenger]
    found = {(fate.one, fate.other) for fate in common(channels, {each.id: {Trait("host", "a")} for each in channels})}
    assert found == {("chat", "phone"), ("chat", "messenger")}


def test_a_shared_host_says_that_the_network_is_shared_too() -> None:
    here = {Trait("host", "192.0.2.7"), Trait("network", "192.0.2.0/24"), Trait("name server", "ns.example.net")}
    near = {Trait("host", "192.0.2.8"), Trait("network", "192.0.2.0/24")}
    chat, phone, mail = channel("chat"), channel("phone"), channel("mail")
    assert common([chat, phone, mail], {"chat": here, "phone": here, "mail": near}) == (
        Fate("chat", "phone", ("host 192.0.2.7", "name server ns.example.net")),
        Fate("chat", "mail", ("network 192.0.2.0/24",)),
        Fate("phone", "mail", ("network 192.0.2.0/24",)),
    )


async def test_what_a_channel_hangs_on_is_found_by_looking(vantage: Vantage, pki: Pki, no_leaks: None) -> None:
    async with serve(hanging(), context=pki.good()) as server:
        check = make_check("http", f"https://localhost:{server.port}/", ca=pki.ca)
        found = await traits_of([channel("chat", checks=(check,), provider="Example Cloud")], vantage)
    told = {Trait("provider", "example cloud"), Trait("host", "127.0.0.1"), Trait("network", "127.0.0.0/24")}
    assert told <= found["chat"]
    assert "certificate issuer" in {trait.kind for trait in found["chat"]}


async def test_what_does_not_answer_is_left_out(vantage: Vantage, no_leaks: None) -> None:
    found = await traits_of([channel("chat", checks=(make_check("http", "https://127.0.0.1:1/"),))], vantage)
    assert found["chat"] == {Trait("host", "127.0.0.1"), Trait("network", "127.0.0.0/24")}


async def test_checks_of_one_place_are_looked_at_once(vantage: Vantage, pki: Pki, no_leaks: None) -> None:
    async with serve(hanging(), context=pki.good()) as server:
        checks = tuple(make_check("http", f"https://localhost:{server.port}/{n}", ca=pki.ca) for n in range(5))
        found = await traits_of([channel("chat", checks=checks), channel("phone", checks=checks[:2])], vantage)
    assert found["chat"] == found["phone"]
    assert server.connections == 1
