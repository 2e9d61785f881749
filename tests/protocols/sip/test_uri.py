"""Targets, hops, and which server a domain means."""

import dns.message
import pytest
from hypothesis import given
from hypothesis import strategies as st
from outagetui.core.sip_uri import Hop, read_uri
from outagetui.net import resolve
from outagetui.net.trouble import Trouble
from outagetui.net.vantage import Vantage
from outagetui.protocols.sip.locate import locate, order, proxy_hop, target_uri
from tests.kit.scripted_nameservers import nameserver, reply_to


def test_a_target_is_taken_apart() -> None:
    uri = target_uri("sip:9196@[::1]:5080;transport=TCP")
    assert (uri.user, uri.host, uri.port, uri.transport) == ("9196", "::1", 5080, "tcp")
    assert uri.bare == "sip:9196@[::1]:5080"
    assert target_uri("sips:h.example").hop == Hop("h.example", None, "tls")
    assert proxy_hop("h:5061;transport=tls") == Hop("h", 5061, "tls")


@pytest.mark.parametrize(
    "text",
    ["", "sip:", "sip:@h", "sip:h:0", "sip:h:70000", "sip:h;transport=sctp", "tel:+49", "sip:a b@h", "sip:a@h\r\n"],
)
def test_what_is_no_target_is_our_own_mistake(text: str) -> None:
    with pytest.raises(Trouble) as caught:
        target_uri(text)
    assert caught.value.code == "target.invalid"


@given(st.text(max_size=100))
def test_any_text_is_a_uri_or_none(text: str) -> None:
    found = read_uri(f"sip:{text}")
    assert found is None or not any(char in found.bare for char in "\r\n <>")


def test_targets_come_by_priority_and_within_one_by_weight() -> None:
    rows = [(20, 0, "c.", 1), (10, 90, "a.", 2), (10, 10, "b.", 3)]
    firsts = [order(rows)[0][0] for _ in range(300)]
    assert 200 < firsts.count("a") < 300
    assert all(order(rows)[2] == ("c", 1) for _ in range(10))
    assert sorted(order([(1, 0, "a.", 1), (1, 0, "b.", 2)])) == [("a", 1), ("b", 2)]


async def test_a_domain_is_found_by_its_srv_records(vantage: Vantage, monkeypatch: pytest.MonkeyPatch) -> None:
    def handler(query: dns.message.Message, tcp: bool) -> list[bytes]:
        name = str(query.question[0].name)
        lines = [f"{name} SRV 5 0 5099 127.0.0.3."] if name.startswith("_sip._tcp") else []
        return [reply_to(query, *lines).to_wire()]

    async with nameserver(handler) as port:
        monkeypatch.setattr(resolve, "nameservers", lambda: [("127.0.0.1", port)])
        (spot,) = (await locate(vantage, Hop("example.test", None, None), 1e9)).spots
    assert (spot.transport, str(spot.address), spot.name) == ("tcp", "127.0.0.3:5099", "example.test")


async def test_a_domain_that_says_it_has_no_sip_fails(vantage: Vantage, monkeypatch: pytest.MonkeyPatch) -> None:
    def handler(query: dns.message.Message, tcp: bool) -> list[bytes]:
        return [reply_to(query, f"{query.question[0].name} SRV 0 0 0 .").to_wire()]

    async with nameserver(handler) as port:
        monkeypatch.setattr(resolve, "nameservers", lambda: [("127.0.0.1", port)])
        with pytest.raises(Trouble) as caught:
            await locate(vantage, Hop("example.test", None, "udp"), 1e9)
    assert caught.value.code == "dns.no-service"


async def test_an_address_or_a_port_needs_no_records(vantage: Vantage) -> None:
    assert [str(each.address) for each in (await locate(vantage, Hop("127.0.0.1", None, None), 1e9)).spots] == [
        "127.0.0.1:5060"
    ]
    (spot,) = (await locate(vantage, Hop("::1", None, "tls"), 1e9)).spots
    assert (spot.transport, str(spot.address)) == ("tls", "[::1]:5061")
