"""What a configuration need not say: the names and the time zone of this machine, and the probe that a target means."""

import os
import re
import socket
import zoneinfo
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from outagetui.core.probe_options import PROBES
from outagetui.core.text import REPLACEMENT, clean, listing, nearest

UTC = "UTC"
_LONGEST_ID = 64
_NO_ID = re.compile(r"[^A-Za-z0-9_-]+")
_SCHEMES = {scheme: probe for probe, options in PROBES.items() for scheme in options.default_for}
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*", re.ASCII)


def host_name() -> str:
    """Return this machine's name, safe to show; `here` when it has none that could be shown."""
    # The kernel takes any bytes; Python hands on those that are no text as surrogates.
    return clean(os.fsencode(socket.gethostname()), _LONGEST_ID).replace(REPLACEMENT, "").strip() or "here"


def vantage_name() -> str:
    """Return this machine's name up to its first dot, written with what an id may hold."""
    short = host_name().partition(".")[0]
    return _NO_ID.sub("-", short).strip("-_")[:_LONGEST_ID] or "here"


def system_timezone(env: Mapping[str, str], root: Path = Path("/")) -> str:
    """Return the name of the system's time zone: `$TZ`, /etc/timezone, where /etc/localtime leads to; else UTC."""
    for name in _timezones(env, root):
        try:
            zoneinfo.ZoneInfo(name)
        except (KeyError, ValueError, OSError):
            continue  # a rule such as "CET-1CEST", a file of its own, or a zone that this machine does not know
        return name
    return UTC


def _timezones(env: Mapping[str, str], root: Path) -> Iterator[str]:
    given = env.get("TZ")
    if given is not None:  # an empty one is UTC to the C library
        yield _zone_of(given.removeprefix(":")) if given else UTC
    with suppress(OSError, ValueError):
        yield (root / "etc/timezone").read_text(encoding="ascii").strip()
    link = root / "etc/localtime"
    with suppress(OSError):
        yield _zone_of(str(link.readlink()))
        yield _zone_of(str(link.resolve()))  # the way there may lead over another link


def _zone_of(text: str) -> str:
    """Return a zone's name, which may be written as the path of its file."""
    name = text.rpartition("zoneinfo/")[2]
    return name.removeprefix("posix/").removeprefix("right/")


def probe_of(target: str) -> str:
    """Return the probe that the scheme of `target` means. ValueError, in words for people: none does, or several."""
    scheme, colon, rest = target.partition(":")
    scheme = scheme.lower()
    if scheme in ("sip", "sips") and "@" in rest:
        words = 'name the probe: "sip.register" signs on as this user, "sip.call" calls this number'
        raise ValueError(words)
    if colon and scheme in _SCHEMES:
        return _SCHEMES[scheme]
    known = f"known: {listing(_SCHEMES)}; or name the probe"
    if not colon or not _SCHEME.fullmatch(scheme):
        raise ValueError(f"expected a target such as https://host/, whose scheme says what looks at it; {known}")
    raise ValueError(f'nothing looks at "{scheme}:" by itself{nearest(scheme, _SCHEMES)}; {known}')
