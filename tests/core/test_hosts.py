"""Names and addresses as browsers read them, in the forms that people and servers write."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as some
from outagetui.core import hosts
from outagetui.core.hosts import read_host, read_name

READ = [
    ("example.net", "example.net"),
    ("EXAMPLE.Net", "example.net"),
    ("example.net.", "example.net."),
    ("bücher.example", "xn--bcher-kva.example"),
    ("BÜCHER.example", "xn--bcher-kva.example"),
    ("bu\u0308cher.example", "xn--bcher-kva.example"),  # composed and decomposed letters are one
    ("xn--bcher-kva.example", "xn--bcher-kva.example"),
    ("faß.example", "xn--fa-hia.example"),  # not fass.example, as IDNA 2003 had it
    ("βόλος.example", "xn--nxasmm1c.example"),  # the final sigma stays one
    ("نامه\u200cای.example", "xn--mgba3gch31f060k.example"),  # and so does a joiner
    ("☃.net", "xn--n3h.net"),
    ("i❤.ws", "xn--i-7iq.ws"),
    ("例え。テスト", "xn--r8jz45g.xn--zckzah"),
    ("ｅｘａｍｐｌｅ.net", "example.net"),
    ("ﬁn.example", "fin.example"),
    ("a\u00adb.example", "ab.example"),  # a soft hyphen is nothing
    ("foo_bar.bücher.example", "foo_bar.xn--bcher-kva.example"),
    ("_dmarc.example.net", "_dmarc.example.net"),
    ("-a-.b_.example", "-a-.b_.example"),
    ("ab--cd.example", "ab--cd.example"),
    ("localhost", "localhost"),
    ("%6cocalhost", "localhost"),
    ("%E2%98%83.net", "xn--n3h.net"),
    ("127.0.0.1", "127.0.0.1"),
    ("127.1", "127.0.0.1"),
    ("127.0.0.1.", "127.0.0.1"),
    ("0x7f.1", "127.0.0.1"),
    ("0177.0.0.01", "127.0.0.1"),
    ("2130706433", "127.0.0.1"),
    ("0", "0.0.0.0"),
    ("１２７.０.０.１", "127.0.0.1"),
    ("::1", "::1"),
    ("[::1]", "::1"),
    ("[0:0::0:1]", "::1"),
    ("2001:DB8::A", "2001:db8::a"),
    ("::ffff:127.0.0.1", "::ffff:7f00:1"),
    ("fe80::1%lo", "fe80::1%lo"),
    ("[fe80::1%lo]", "fe80::1%lo"),
    ("[fe80::1%25lo]", "fe80::1%lo"),
    ("[FE80::1%25wlan%2D0]", "fe80::1%wlan-0"),
    ("fe80::1%2", "fe80::1%2"),
    ("fe80::1%25", "fe80::1%25"),  # interface 25, as nothing stands behind it
    ("[::1%lo]", "::1%lo"),
]


@pytest.mark.parametrize(("text", "host"), READ)
def test_a_host_has_one_form(text: str, host: str) -> None:
    assert read_host(text) == host
    assert read_host(host) == host


@pytest.mark.parametrize(
    "text",
    [
        *("", ".", "..", "a..b", ".a", "a..", "a b", "a\tb", "a\nb", " a", "a ", "a/b", "a?b", "a#b", "a@b"),
        *("a:1", "a\\b"),
        *("a<b", "a>b", "a^b", "a|b", "a%zzb", "a%00b", "a%20b", "%", "a[b", "a]b", "a\x7fb", "a\x00b", "a\u2028b"),
        *("[::1", "::1]", "[::1]]", "[]", "[::1%]", "[::1%25 ]", "[::1%a/b]", "[::1%a%b]", ":::", "1::2::3"),
        *("[1.2.3.4]", "g::1"),
        *("256.256.256.256", "1.2.3.4.5", "1.2.3.08", "0x100000000", "a.1", "09"),
        *("\u00ad", "\u202ea.b", f"{'a' * 64}.example", ".".join(["abcdefgh"] * 29), f"{'ü' * 60}.example"),
    ],
)  # fmt: skip
def test_what_no_browser_and_no_name_server_knows_is_told(text: str) -> None:
    with pytest.raises(ValueError, match=r"host|address|zone"):
        read_host(text)
    assert not hosts.is_host(text)


@given(some.text(max_size=80))
def test_whatever_is_read_reads_the_same_again(text: str) -> None:
    try:
        host = read_host(text)
    except ValueError:
        return
    assert host.isascii()
    assert host == host.lower()
    assert read_host(host) == host
    assert read_host(hosts.written(host)) == hosts.unzoned(host)


@given(some.ip_addresses())
def test_every_address_is_itself(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> None:
    for text in (str(address), address.exploded, str(address).upper()):
        assert hosts.address_of(read_host(text)) == address


@given(
    some.ip_addresses(v=6), some.from_regex(r"[a-z0-9_.-]{1,15}", fullmatch=True).filter(lambda zone: zone[:2] != "25")
)
def test_a_zone_is_kept_for_us_and_never_sent(address: ipaddress.IPv6Address, zone: str) -> None:
    for text in (f"{address}%{zone}", f"[{address}%{zone}]", f"[{address}%25{zone}]"):
        host = read_host(text)
        assert hosts.zone_of(host) == zone
        assert hosts.address_of(host) == address
        assert "%" not in hosts.written(host) + hosts.unzoned(host)


@given(some.text(some.characters(categories=["Ll", "Lo", "So", "Nd"]), min_size=1, max_size=12))
def test_a_name_in_letters_is_the_same_name(label: str) -> None:
    try:
        host = read_host(f"{label}.example")
    except ValueError:
        return
    assert read_host(hosts.in_letters(host)) == host


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (".", "."),
        ("example.net.", "example.net."),
        ("_sip._udp.bücher.example", "_sip._udp.xn--bcher-kva.example"),
        ("4.3.2.1.in-addr.arpa", "4.3.2.1.in-addr.arpa"),
        ("1.2.3.4", "1.2.3.4"),  # a name server takes it for a name
        ("faß.example", "xn--fa-hia.example"),
    ],
)
def test_a_name_of_the_dns_need_be_no_host(text: str, name: str) -> None:
    assert read_name(text) == name


@pytest.mark.parametrize("text", ["", "..", "a..b", "a b", "a/b", "*.a", "a@b", "::1", "a\\046b", "a" * 64, "\u202ea"])
def test_what_is_no_name_is_told(text: str) -> None:
    with pytest.raises(ValueError, match="name"):
        read_name(text)


@pytest.mark.parametrize(
    ("host", "loopback", "private"),
    [
        *((host, True, True) for host in ("localhost", "localhost.", "a.b.localhost", "xn--n3h.localhost")),
        *((host, True, True) for host in ("127.0.0.1", "127.255.0.9", "::1", "::1%lo", "::ffff:7f00:1")),
        *((host, False, True) for host in ("10.0.0.1", "192.168.1.1", "172.31.0.1", "fe80::1%lo", "fd00::1")),
        ("::ffff:a00:1", False, True),
        *((host, False, False) for host in ("example.net", "notlocalhost", "localhost.example.net", "8.8.8.8")),
        ("2001:db8::1", False, False),
    ],
)  # fmt: skip
def test_what_stays_on_this_machine_or_in_this_net_is_known(host: str, loopback: bool, private: bool) -> None:
    assert hosts.is_loopback(host) is loopback
    assert hosts.is_private(host) is private
