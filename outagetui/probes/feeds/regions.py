"""Updates of which each speaks of one region: what is over in one goes on in another. Pure."""

import re
from collections.abc import Iterable, Sequence

from outagetui.probes.feeds.incident_words import LABELS, STAGES, WORDS
from outagetui.probes.feeds.statements import Severity

_KNOWN = (
    r"e\.?u\.?|u\.?s\.?a?|uk|na|sa|dach|emea|apac|latam|amer|europe|europa|asia|africa|america|oceania|germany|france"
    r"|north|south|east|west|(?:north|south|east|west|central)[ -]+\w{2,10}|[a-z]{2,9}-[a-z]{4,10}-?\d[a-z]?"
)
# How people name a region: as everybody does, or by a few words with capitals.
_NAMED = re.compile(rf"(?:{_KNOWN})(?:\s*(?:,|&|/|and|und)\s*(?:{_KNOWN}))*", re.IGNORECASE)
_CAPITALS = re.compile(r"(?:[A-Z0-9][\w-]*)(?:[ ,/&]+(?:and |und )?[A-Z0-9][\w-]*){0,3}")
_FRINGE = " \t()[],;:*_-–—"
_TRIVIAL = frozenset(["done", "ok", "yes", "thanks", "all", "everything", "over", "end"])
_LISTED = re.compile(r"(.{1,60}?)\s*(?:[:：(]|\s[-–—]\s)\s*([^\W\d_][\w ]{1,40}?)\)?\s*[.!]?$")
_LABEL = frozenset(["severity", "priority", "notice", "category", "status", "state", "previous status", "level"])
_REGION = (
    rf"(?:(?:the|other|one|some|remaining|all)\s+)?(?:(?:{_KNOWN})(?!\w)"
    r"|(?:\w+\s+)?(?:regions?|zones?|sites?|datacen\w+))"
)
_GOES_ON = re.compile(
    r"(?<!\w)(?:still|weiterhin|noch\s+immer|immer\s+noch|encore|toujours|todavía|ainda|ancora|nog\s+steeds)\s+"
    r"(?:being\s+|under\s+)?(?:monitor|investigat|work|look|recover|restor|see|experienc|affect|impact|fail|down|broken"
    r"|unavailable|degraded|offline|out(?!\w)|gestört|betroffen|beobacht|unter|nicht|affect|perturb|en\s+cours|afectad|afetad)"
    r"|(?<!\w)being\s+(?:monitored|investigated|restored|worked\s+on)(?!\w)"
    rf"|(?<!\w)(?:monitoring|investigating|monitor)\s+(?:in\s+|for\s+)?{_REGION}"
    rf"|(?<!\w){_REGION}\s+(?:is|are|remains?)\s+(?:not|down|out|affected|degraded|offline|unavailable|impacted)(?!\w)",
    re.IGNORECASE,
)
_MAY = re.compile(
    r"(?<!\w)(?:if|should|please|anyone|were|was|had|may|might|could|causes?|why|wenn|falls|sollten)(?!\w)",
    re.IGNORECASE,
)
_ENDS = re.compile(r"[.!?;](?:\s|$)|[。！？]")


def named(about: str) -> str:
    """Return the region that `about`, what stands behind a word for a state, names and nothing else; "" for none."""
    bare = " ".join(about.strip(_FRINGE).split())
    if bare.casefold() in _TRIVIAL or bare.casefold() in WORDS:
        return ""
    return bare.casefold() if len(bare) <= 60 and (_NAMED.fullmatch(bare) or _CAPITALS.fullmatch(bare)) else ""


def elsewhere(updates: Sequence[tuple[str, Severity | None]]) -> bool:
    """Tell whether the newest of `updates` (what it is about, how it stands) is well, and one of another region not.

    Where every region that is named is well, an older update that names none is over with them.
    """
    newest: dict[str, Severity | None] = {}
    for about, severity in updates:
        newest.setdefault(named(about), severity)
    if not updates or updates[0][1] is not Severity.OPERATIONAL:
        return False
    first = named(updates[0][0])
    if any(region and severity is not Severity.OPERATIONAL for region, severity in newest.items()):
        return True
    whole = newest.get("", Severity.OPERATIONAL)
    return bool(first) and whole is not Severity.OPERATIONAL and len([region for region in newest if region]) < 2


def goes_on(lines: Iterable[str]) -> bool:
    """Tell whether `lines`, the words of an update that says it is over, say of some part that it is not."""
    return any(_lists_trouble(line) or any(_says(part) for part in _ENDS.split(line)) for line in lines)


def _says(sentence: str) -> bool:
    return bool(_GOES_ON.search(sentence)) and not _MAY.search(sentence)


def _lists_trouble(line: str) -> bool:
    listed = _LISTED.fullmatch(line[:200].strip(" •*-–—"))
    if not listed:
        return False
    name, word = listed[1].strip().lower(), " ".join(listed[2].split()).lower()
    if name in LABELS or name in _LABEL or name in STAGES:
        return False
    return WORDS.get(word, Severity.OPERATIONAL) is not Severity.OPERATIONAL
