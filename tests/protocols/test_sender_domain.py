"""SPF, DKIM and DMARC as receivers read them, against zones of the tests' own."""

import base64
import ipaddress
from typing import Any

import pytest
from outagetui.protocols.sender_domain import Sender, judge
from outagetui.protocols.spf import PermError, look_up

DOMAIN = "example.net"
SERVER = ipaddress.ip_address("203.0.113.7")
KEY = base64.b64encode(bytes(294)).decode()
GOOD = {
    (DOMAIN, "TXT"): ["google-site-verification=x", "v=spf1 ip4:203.0.113.0/24 -all"],
    (f"_dmarc.{DOMAIN}", "TXT"): ["v=DMARC1; p=reject; rua=mailto:d@example.net"],
    (f"mail._domainkey.{DOMAIN}", "TXT"): [f"v=DKIM1; k=rsa; p={KEY}"],
}


def zone(*changes: tuple[str, str, list[str]]) -> Any:
    records = {**GOOD, **{(name, kind): values for name, kind, values in changes}}

    async def ask(name: str, kind: str) -> list[str]:
        return records.get((name.lower(), kind), [])

    return ask


async def judged(*changes: tuple[str, str, list[str]], **more: Any) -> str:
    options = {
        "domain": DOMAIN,
        "server": "mail.example.net",
        "addresses": (SERVER,),
        "selector": "mail",
        "one_click": True,
    }
    return "\n".join(each for each in await judge(Sender(**{**options, **more}), zone(*changes)) if each)


async def test_nothing_is_said_of_what_every_receiver_takes() -> None:
    assert await judged() == ""


def spf(*records: str) -> tuple[str, str, list[str]]:
    return (DOMAIN, "TXT", list(records))


def dmarc(*records: str) -> tuple[str, str, list[str]]:
    return (f"_dmarc.{DOMAIN}", "TXT", list(records))


def dkim(*records: str) -> tuple[str, str, list[str]]:
    return (f"mail._domainkey.{DOMAIN}", "TXT", list(records))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (spf(), "has no SPF record"),
        (spf("v=spf10 -all"), "has no SPF record"),
        (spf("v=spf1 -all", "v=spf1 mx -all"), "permerror): example.net has 2 SPF records"),
        (spf("v=spf1 +all"), "lets everybody send"),
        (spf("v=spf1 ip4:203.0.113.7"), "refuses nobody"),
        (spf("v=spf1 ip4:192.0.2.1 -all"), "does not let mail.example.net send (203.0.113.7)"),
        (spf("v=spf1 include:_spf.gone.example -all"), "includes _spf.gone.example, which has no SPF record"),
        (spf("v=spf1 ipv4:192.0.2.1 -all"), "not understood: ipv4:192.0.2.1"),
        (spf("v=spf1 ip4:192.0.2.300 -all"), "not an address"),
        (spf("v=spf1 redirect=gone.example"), "redirects to gone.example"),
        (dmarc(), "has no DMARC record"),
        (dmarc("v=DMARC1; p=none"), "only watches"),
        (dmarc("v=DMARC1"), "no policy that counts"),
        (dmarc("v=DMARC1; p=reject", "v=DMARC1; p=none"), "2 DMARC records"),
        (dkim(), "no DKIM key at mail._domainkey.example.net"),
        (dkim("v=DKIM1; p="), "was withdrawn"),
        (dkim(f"p={base64.b64encode(bytes(94)).decode()}"), "less than 1024 bits"),
        (dkim("v=DKIM1; p=no base64!"), "is no base64"),
        (dkim(f"v=DKIM1; k=ed25519; p={base64.b64encode(bytes(32)).decode()}"), "not every receiver reads"),
        (dkim(f"v=DKIM1; t=y:s; p={KEY}"), "being tested"),
    ],
)
async def test_each_fault_has_its_words(change: tuple[str, str, list[str]], said: str) -> None:
    assert said in await judged(change)


async def test_what_large_providers_will_do_is_said() -> None:
    assert "will refuse these letters" in await judged(spf(), dkim())
    assert "unless the server signs with DKIM" in await judged(spf(), selector="")
    few = await judged(dmarc(), one_click=False)
    assert "from 5000 a day on they want also DMARC, a link of https:// in unsubscribe" in few
    assert "DKIM (not looked at" in await judged(selector="")


@pytest.mark.parametrize(
    ("records", "passes"),
    [
        ({DOMAIN: ["v=spf1 ip4:203.0.113.7 -all"]}, True),
        ({DOMAIN: ["v=spf1 IP4:203.0.113.0/24 -ALL"]}, True),
        ({DOMAIN: ["v=spf1 a:out.example.net -all"], "A out.example.net": ["203.0.113.7"]}, True),
        ({DOMAIN: ["v=spf1 a:out.example.net/24//64 -all"], "A out.example.net": ["203.0.113.1"]}, True),
        ({DOMAIN: ["v=spf1 a -all"], f"A {DOMAIN}": ["203.0.113.7"]}, True),
        (
            {DOMAIN: ["v=spf1 mx ~all"], f"MX {DOMAIN}": ["10 mx.example.net."], "A mx.example.net": ["203.0.113.7"]},
            True,
        ),
        ({DOMAIN: ["v=spf1 include:a.example -all"], "a.example": ["v=spf1 ip4:203.0.113.7 -all"]}, True),
        ({DOMAIN: ["v=spf1 redirect=a.example"], "a.example": ["v=spf1 ip4:203.0.113.7 -all"]}, True),
        ({DOMAIN: ["v=spf1 include:a.example -all"], "a.example": ["v=spf1 ip4:192.0.2.1 +all"]}, True),
        ({DOMAIN: ["v=spf1 include:a.example -all"], "a.example": ["v=spf1 ip4:192.0.2.1 ~all"]}, False),
        ({DOMAIN: ["v=spf1 -ip4:203.0.113.7 +ip4:203.0.113.0/24 -all"]}, False),
        ({DOMAIN: ["v=spf1 ip6:2001:db8::/32 -all"]}, False),
        ({DOMAIN: ["v=spf1 unknown=x exists:%{i}.x.example ptr -all"]}, False),
    ],
)
async def test_an_address_is_let_through_as_the_standard_says(records: dict[str, list[str]], *, passes: bool) -> None:
    async def ask(name: str, kind: str) -> list[str]:
        return records.get(name if kind == "TXT" else f"{kind} {name}", [])

    found = await look_up(DOMAIN, ask, [SERVER])
    assert (found.passes[str(SERVER)] == "pass") == passes


async def test_too_many_look_ups_are_an_error_of_the_record() -> None:
    async def ask(name: str, kind: str) -> list[str]:
        return [f"v=spf1 include:a{name} -all"]

    with pytest.raises(PermError, match="more than 10 look-ups"):
        await look_up(DOMAIN, ask)

    async def few(name: str, kind: str) -> list[str]:
        return ["v=spf1 " + " ".join(f"exists:{n}.example" for n in range(10)) + " -all"]

    assert (await look_up(DOMAIN, few, [SERVER])).lookups == 10
