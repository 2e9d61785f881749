"""What the types of `dns.update` steps cannot judge alone: servers, names and records."""

from collections.abc import Iterator

from outagetui.config.parsed import Draft, Placed
from outagetui.config.positions import Path
from outagetui.core import targets
from outagetui.core.model import Playbook
from outagetui.core.step_options import DnsUpdateOptions
from outagetui.core.text import listing, nearest
from outagetui.core.troubles import Trouble
from outagetui.protocols.dns_records import RECORDS, RecordError, read_name, read_value


def look_at_records(options: DnsUpdateOptions, draft: Draft, playbook: Placed[Playbook], at: Path) -> None:
    """Note servers, names and values that are none, as the library that sends them reads them."""
    for where, trouble in _troubles(options):
        playbook.problem((*at, *where), trouble)


def _troubles(options: DnsUpdateOptions) -> Iterator[Trouble]:
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
