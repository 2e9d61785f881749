"""What the types of `http` and `dns.update` steps cannot judge alone: addresses, requests, records."""

import ipaddress
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

from outagetui.config.positions import Path
from outagetui.core import targets
from outagetui.core.step_options import DnsUpdateOptions, HttpStepOptions, StepOptions
from outagetui.core.text import listing, nearest
from outagetui.core.troubles import Trouble, json_path_trouble, request_troubles
from outagetui.protocols.dns_records import RECORDS, RecordError, read_name, read_value

_PLACEHOLDER = "{secret}"
_OURS = ("connection", "content-length", "transfer-encoding", "upgrade")  # headers that the program writes itself
_PRIVATE = tuple(
    ipaddress.ip_network(each)
    for each in (
        *("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16"),
        *("::1", "fe80::/10", "fc00::/7"),
    )
)


def step_troubles(options: StepOptions) -> Iterator[Trouble]:
    """Yield what is wrong with the options of one step, each with its key."""
    secret = getattr(options, "secret", None)
    if secret and (secret in (".", "..") or "/" in secret):
        yield ("secret",), "expected the name of a file in the secrets directory, without a slash"
    if look := _LOOKS.get(type(options)):
        yield from look(options)


def is_private(url: str) -> bool:
    """Whether a URL's host is this machine, or an address of a private network."""
    host = urlsplit(url).hostname or ""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
    return any(address.version == network.version and address in network for network in _PRIVATE)


def _http(options: HttpStepOptions) -> Iterator[Trouble]:
    yield from request_troubles(options.method, options.headers, options.status)
    if options.method in ("CONNECT", "TRACE"):
        yield ("method",), f"{options.method} is no method for a step"
    for name in options.headers:
        if name.lower() in _OURS:
            yield ("headers", name), "is written by the program itself; remove it"
    yield from _url(options)
    places = (*options.headers.values(), options.body)
    if options.secret == "":
        yield ("secret",), "expected the name of a file in the secrets directory"
    elif options.secret is None and any(_PLACEHOLDER in text for text in places):
        yield (), f"{_PLACEHOLDER} in headers or body needs secret: the name of the file with it"
    if options.path is not None:
        if trouble := json_path_trouble(options.path):
            yield ("path",), trouble
        if options.equals is None:
            yield ("path",), "needs equals beside it: the value that must stand there"
        if options.method == "HEAD":
            yield ("path",), "the answer to a HEAD has no body"
    elif options.equals is not None:
        yield ("equals",), "needs path beside it: where the value stands"


def _url(options: HttpStepOptions) -> Iterator[Trouble]:
    if not options.url:
        return
    if trouble := targets.WEB.trouble(options.url):
        yield ("url",), trouble
    elif _PLACEHOLDER in options.url:
        yield ("url",), "a secret cannot stand in a URL, which is shown and kept; put it into headers or body"
    elif options.secret is not None and urlsplit(options.url).scheme == "http" and not is_private(options.url):
        yield ("url",), "the secret would travel in the clear: use https, or http to loopback or a private address only"


def _dns_update(options: DnsUpdateOptions) -> Iterator[Trouble]:
    places: list[tuple[Path, str]] = [(("server",), options.server)]
    places += [(("read_back", index), each) for index, each in enumerate(options.read_back)]
    for key, server in places:
        if server and ("/" in server or targets.DNS.trouble(f"dns://{server}/name")):
            yield key, 'expected "host:port" of a name server'
    for name in ("zone", "name", "key"):
        text = getattr(options, name)
        if text and text != "@" and (trouble := _name_trouble(text)):
            yield (name,), trouble
    if options.zone in (".", "@"):
        yield ("zone",), 'expected a zone such as "example.net"'
    elif options.zone and options.name and not _inside(options):
        yield ("name",), f'"{options.name}" is not in the zone {options.zone}'
    if options.type not in RECORDS:
        hint = nearest(options.type.upper(), RECORDS) or nearest(options.type, RECORDS)
        yield ("type",), f'cannot write "{options.type}" records{hint}; known: {listing(RECORDS)}'
        return
    yield from _values(options)


def _values(options: DnsUpdateOptions) -> Iterator[Trouble]:
    if not options.from_ or not options.to:
        return  # told already
    sets = []
    for key, given, texts in (("from", options.from_, options.old), ("to", options.to, options.new)):
        read = set()
        for index, text in enumerate(texts):
            at: Path = (key,) if isinstance(given, str) else (key, index)
            try:
                value = read_value(options.type, text)
            except RecordError as error:
                yield at, str(error)
                continue
            if value in read and text not in texts[:index]:
                yield at, f"{text} stands here twice"
            read.add(value)
        if options.type == "CNAME" and len(texts) > 1:
            yield (key,), "a name has only one CNAME"
        sets.append(read)
    if sets[0] and sets[0] == sets[1]:
        yield ("to",), "is the same as from, so that nothing would change"


def _name_trouble(text: str) -> str:
    try:
        read_name(text)
    except RecordError as error:
        return str(error)
    return ""


def _inside(options: DnsUpdateOptions) -> bool:
    try:
        return read_name(options.whole_name).is_subdomain(read_name(options.zone))
    except RecordError:
        return True  # told already, unless both together are too long, which the server will say


_LOOKS: dict[type[StepOptions], Callable[[Any], Iterator[Trouble]]] = {
    HttpStepOptions: _http,
    DnsUpdateOptions: _dns_update,
}
