"""A reply of the DNS in one pass over its bytes (RFC 1035 section 4): where its records stand, and what was asked for.

Most of what comes is never looked at: names and data of other records are passed over, unread. Reading names and data
is dnspython's; a pointer of a name leads backwards, and only so often.
"""

import struct
from typing import TYPE_CHECKING

from msgspec import Struct

from outagetui.core.text import clean

if TYPE_CHECKING:
    from dns.name import Name
    from dns.rdata import Rdata
    from dns.rdatatype import RdataType

HEADER = 12
_FIXED = struct.Struct("!HHIH")  # type, class, time to live, length of the data
_POINTER, _LONGEST_LABEL = 0xC0, 63
_TO_QUESTION = (_POINTER << 8) | HEADER  # the pointer that most owners' names are: to the name of the question
_AUTHORITATIVE = 0x04  # in the third byte of the header
_IN, _NS, _CNAME, _OPT, _ANY = 1, 2, 5, 41, 255
_AUTHORITY, _ADDITIONAL = 1, 2  # sections behind the answer


class Place(Struct, frozen=True):
    """Where the data of a record stands."""

    kind: int
    start: int
    size: int


class Reply:
    """A reply: its code (RFC 6895 section 2.3), the records of its answer that were asked for, and aliases."""

    def __init__(self, wire: bytes) -> None:
        self._wire = wire
        self.code = wire[3] & 0x0F
        self.authoritative = bool(wire[2] & _AUTHORITATIVE)
        self._sets: dict[tuple[Name, int], list[Rdata]] = {}
        self._name_servers: list[Place] = []
        self._options: Place | None = None

    @classmethod
    def read(cls, wire: bytes, start: int, name: "Name", kind: "RdataType") -> "Reply":
        """Return the reply in `wire` to the question for `name` and `kind`; its records begin at byte `start`.

        Raises `dns.exception.DNSException`, ValueError, IndexError or `struct.error` when it cannot be read.
        """
        reply = cls(wire)
        wanted = (kind, _CNAME)
        at = start
        for section, count in enumerate(struct.unpack_from("!3H", wire, 6)):
            for _ in range(count):
                owner, at = at, _behind_name(wire, at)
                found, rdclass, ttl, size = _FIXED.unpack_from(wire, at)
                place = Place(found, at + _FIXED.size, size)
                at = place.start + size
                if at > len(wire):
                    raise ValueError("a record ends behind the message")
                if found == _OPT:
                    reply._take_options(place, ttl, alone=section == _ADDITIONAL and not wire[owner])
                elif rdclass == _IN and section == 0 and (found in wanted or kind == _ANY):
                    reply._take(name if start > HEADER else None, owner, place)
                elif rdclass == _IN and section == _AUTHORITY and found == _NS:
                    reply._name_servers.append(place)
        return reply

    @property
    def code_name(self) -> str:
        """The code as people know it, such as NXDOMAIN."""
        import dns.rcode

        return dns.rcode.to_text(dns.rcode.Rcode.make(self.code))

    def held(self, name: "Name", kind: int) -> "list[Rdata]":
        """Return the records of exactly this name; of every kind that was read for ANY."""
        if kind != _ANY:
            return _set_of(kind, self._sets.get((name, kind), []))
        sets = [_set_of(found, records) for (owner, found), records in self._sets.items() if owner == name]
        return [each for records in sets for each in records]

    def named(self) -> list[str]:
        """Return the name servers that it says to ask instead (RFC 1034 section 4.3.1)."""
        return sorted({str(data) for place in self._name_servers if (data := self._data_if_legible(place))})

    def reasons(self) -> str:
        """Return why the server says that it fails, such as "signature expired" (RFC 8914); empty without."""
        import dns.edns

        record = None if self._options is None else self._data_if_legible(self._options)
        told = [one for one in getattr(record, "options", ()) if isinstance(one, dns.edns.EDEOption)]
        known = {each.value: each.name.replace("_", " ").lower() for each in dns.edns.EDECode}
        words = (f"{known.get(one.code, f'reason {one.code}')}{f': {one.text}' if one.text else ''}" for one in told)
        return clean("; ".join(words), 200)

    def _take_options(self, place: Place, ttl: int, *, alone: bool) -> None:
        """Take the record OPT (RFC 6891 section 6.1), whose time to live begins with more bits of the code."""
        if not alone or self._options is not None:
            raise ValueError("the record OPT stands where it must not")
        self._options = place
        self.code |= ttl >> 24 << 4

    def _take(self, asked: "Name | None", owner: int, place: Place) -> None:
        import dns.name

        to_question = asked is not None and int.from_bytes(self._wire[owner : owner + 2], "big") == _TO_QUESTION
        name = asked if to_question and asked is not None else dns.name.from_wire(self._wire, owner)[0]
        self._sets.setdefault((name, place.kind), []).append(self._data(place))

    def _data(self, place: Place) -> "Rdata":
        import dns.rdata

        return dns.rdata.from_wire(_IN, place.kind, self._wire, place.start, place.size)  # type: ignore[arg-type]

    def _data_if_legible(self, place: Place) -> "Rdata | None":
        """Return data that no verdict rests on; None where it is broken."""
        import dns.exception

        try:
            return self._data(place)
        except (dns.exception.DNSException, ValueError, struct.error, IndexError):
            return None


def _set_of(kind: int, records: "list[Rdata]") -> "list[Rdata]":
    """Return each of `records` once (RFC 2181 section 5); of a kind that a name has one of, such as CNAME, the last."""
    import dns.rdatatype

    if len(records) < 2:
        return records
    one = dns.rdatatype.is_singleton(dns.rdatatype.RdataType.make(kind))
    return records[-1:] if one else list(dict.fromkeys(records))


def _behind_name(wire: bytes, at: int) -> int:
    """Return the place behind the name that stands at `at`."""
    while count := wire[at]:
        if count >= _POINTER:
            return at + 2
        if count > _LONGEST_LABEL:
            raise ValueError("no kind of label that is known")
        at += 1 + count
    return at + 1
