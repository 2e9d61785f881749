"""How an incident stands by what is written of it: the newest update of its text, `Status: …`, its title. Pure.

A word that is not known is never passed over for a better one behind it: it makes the state unknown.
"""

import re
from collections.abc import Sequence

from msgspec import Struct

from outagetui.probes.feeds import regions, taken_back
from outagetui.probes.feeds.incident_words import (
    AHEAD,
    CONDITIONS,
    HEADINGS,
    LABELS,
    PLANNED,
    SCHEDULED,
    STAGES,
    UPDATE,
    WORDS,
)
from outagetui.probes.feeds.moments import MONTH, clock_in, stamp_in
from outagetui.probes.feeds.statements import Severity

_VALUE = 200  # characters of a value that are read
_TITLE = 500  # of a title
_LEAD = 200  # characters before the word of an update
_SENTENCE = 4  # words of a value; more are a sentence


class State(Struct, frozen=True):
    """The word for a state; `severity` is None where nobody knows what it means. `in_title`: it was read there."""

    severity: Severity | None
    word: str
    in_title: bool = False

    @property
    def well(self) -> bool:
        """Whether it says that nothing is wrong (any more)."""
        return self.severity is Severity.OPERATIONAL


class _Head(Struct, frozen=True):
    """The word at the head of an update, its line, and the time that was read with it: year or 0, month, …, minute.

    `about` stands behind the word, or in the next line where nothing does.
    """

    line: int
    state: State
    when: tuple[int, ...] | None
    about: str = ""


_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")  # in words such as ServiceInterruption


def _either(words: Sequence[str]) -> str:
    return "|".join(re.escape(word).replace(r"\ ", r"\s+") for word in sorted(words, key=len, reverse=True))


_ZONES = "utc|gmt|z|[pmce][sd]t|[cew]es?t|bst|jst|ist|kst|aes?t|aedt|mez|mesz|uhr|am|pm|a\\.m\\.|p\\.m\\.|at|on|um"
_DAY = "(?:mon|tues?|wed(?:nes)?|thu(?:rs)?|fri|sat(?:ur)?|sun)(?:day)?"
# What may stand before the word of an update: bullets, symbols, a date with its time and zone.
_BEFORE = re.compile(
    rf"(?:(?:{MONTH}|{_DAY}|{_ZONES})\b\.?|\d[\d:.,/+TZ-]*(?:st|nd|rd|th)?"
    r"|[^\w\[\s(【［]|_|[(]\s*(?=[\d+]|utc|gmt)|\s)*",
    re.IGNORECASE,
)
_HEAD = re.compile(
    rf"[\[(【［]?\s*({_either([*STAGES, UPDATE])})[*_]{{0,3}}\s*"
    r"(?:[\])】］]|[.!]?\s*$|,\s*\d|[:：|–—]|\s-|-\s|\s(?:at|on|um)\s+\d|\(?\d\d?:\d\d|\(?\d{4}-\d\d)\s*[-–—:]?\s*(.*)",
    re.IGNORECASE,
)
_STRANGE_HEAD = re.compile(r"[^\W\d_]{2,20}(?: [^\W\d_]{2,20}){0,2}\s+[-–—]\s+\S|\[[^\W\d_][\w ]{1,30}\]\s")
_STRANGE_UPDATE = re.compile(rf"{_STRANGE_HEAD.pattern}|[^\W\d_]{{2,20}}(?: [^\W\d_]{{2,20}}){{0,2}}\s*[:：]?$")
_LABEL = re.compile(
    r"(^|[\s.;|•>*_#])(?:(?:current|incident|issue|overall|event|maintenance|new|latest|aktueller)\s+)?"
    r"(?:status|state|stand|estado|statut|stato|zustand|ステータス|状態|状态|상태)\s*(?:[:：=|]|\s[-–—]\s)\s*(.*)",
    re.IGNORECASE,
)
# What stands before such a label where it is not about now.
_OF_ANOTHER_TIME = re.compile(
    r"(?<!\w)(?:previous(?:ly)?|prior|former(?:ly)?|last|old|original|initial|earlier|target(?:ed)?|expected|desired|next|planned"
    r"|future|estimated|anticipated|projected|intended|goal|ziel|vorherige[rs]?|vorige[rs]?|bisherige[rs]?|frühere[rs]?"
    r"|alte[rs]?|letzte[rs]?|erwartete[rs]?|geplante[rs]?|nächste[rs]?|angestrebte[rs]?|ancien|dernier|prochain|anterior|último"
    r"|próximo|vecchio|precedente|vorige)(?:[\s-]+\w+)?[\s-]*$",
    re.IGNORECASE,
)
_LABEL_ALONE = re.compile(r"(?:(?:current|incident)\s+)?(?:status|state)\s*[:：]?", re.IGNORECASE)
_VALUE_ENDS = re.compile(r"\s+[-–—]\s+|\s*[|(\[!]|\.(?:\s|$)|,\s*(?=\d)|\s(?:at|on|um|since|as of)\s+\d", re.IGNORECASE)
_BETWEEN = " \t,*_:：|([-–—])】］"  # what may stand between a word and what goes on from it
_FRINGE = re.compile(r"^[^\w?]+|^_+")
_TIME = re.compile(rf"\d|(?:{MONTH}|{_DAY})\b[.,]?\s+\d", re.IGNORECASE)
_OF_COMPONENTS = re.compile(
    r"(?:affected|impacted|betroffen)|(?:components?|services?|systems?|regions?)\s*:?$", re.IGNORECASE
)
_BRACKETS = re.compile(r"[\[【［]\s*([^\]】］]{1,40}?)\s*[\]】］]|\(\s*([^()]{1,40}?)\s*\)\W*$")
_PREFIX = re.compile(
    rf"\W*({_either([*WORDS, *SCHEDULED, UPDATE])})(?:\s+#?[\w-]{{0,20}}\d[\w-]{{0,20}})?\s*"
    r"(?:[:：|–—]|-\s|\s-|[^\w?]*$)\s*",
    re.IGNORECASE,
)
_SUFFIX = re.compile(rf"(?:\s[-–—|]\s+|[:：]\s*)({_either([*STAGES])})[^\w?]*$", re.IGNORECASE)


def of_text(lines: Sequence[str]) -> State | None:
    """Return the state that `lines` tell, the newest update first; None when they tell none."""
    found = _heads(lines)
    heads = _in_time([_as_told(head, lines, found) for head in found])
    labels = [_as_told(label, lines, found) for label in _labels(lines)]
    update = State(Severity.INCIDENT, UPDATE) if any(head.state.word == UPDATE for head in heads) else None
    heads = [head for head in heads if head.state.word != UPDATE]
    heads = [head for head in heads if head.state.word not in AHEAD] or heads
    # A word that nobody knows is no prose where it stands before an older update that is well.
    if heads and heads[0].state.severity is None and not any(head.state.well for head in heads):
        heads = [head for head in heads if head.state.severity is not None]
    told, label = _of_regions(heads), _of_regions(labels)
    if told and label:
        return label if labels[0].line < heads[0].line or not label.well else told
    return told or label or update


def _of_regions(heads: list[_Head]) -> State | None:
    """Return the newest state; where it is well and another region is not, nobody knows how the whole is."""
    if not heads:
        return None
    state = heads[0].state
    if regions.elsewhere([(head.about, head.state.severity) for head in heads]):
        return State(None, f"{state.word} {regions.named(heads[0].about)}, and not everywhere"[:60])
    return state


def _as_told(head: _Head, lines: Sequence[str], heads: list[_Head]) -> _Head:
    """Return `head` with what the update below it says: that some of it goes on takes its word back."""
    end = next((other.line for other in heads if other.line > head.line), len(lines))
    below = list(lines[head.line + 1 : end])
    about = head.about if head.about.strip(_BETWEEN) or not below else below[0]
    state = head.state
    if state.well and regions.goes_on([head.about, *below]):
        state = State(None, f"{state.word}, and not everywhere")
    return _Head(head.line, state, head.when, about)


def of_title(title: str) -> State | None:
    """Return the state that a title tells in brackets, before a colon or behind a dash; None when it tells none."""
    if len(title) > _TITLE:  # its end is not seen
        state = of_title(title[:_TITLE])
        return None if state is None or state.well else state
    brackets = [(_known(found[1] or found[2], in_title=True), found.end()) for found in _BRACKETS.finditer(title)]
    tags = [(state, end) for state, end in brackets if state and state.word != UPDATE]
    before, update = _before(title)
    suffix = _SUFFIX.search(title)
    behind = [(state, suffix.end())] if suffix and (state := _known(suffix[1], in_title=True)) else []
    # What goes on outweighs what is over, wherever they stand; a kind of event, such as an outage, may be over.
    for state, _ in [*tags, *before, *behind]:
        if state.word in STAGES and state.word not in CONDITIONS and not state.well:
            return state
    told = [(state, end) for state, end in tags if state.word in STAGES] or [*tags, *before[:1]] or behind
    if not told:
        return update
    if any(state.word in PLANNED for state, _ in told):
        told = [
            one for one in (*tags, *before, *behind) if one[0].word in STAGES and one[0].word not in PLANNED
        ] or told
    state, end = next((one for one in told if not one[0].well), told[0])
    if state.word in AHEAD:
        return State(Severity.MAINTENANCE, state.word, in_title=True)
    vague = (state, end) in before and taken_back.of_nothing_over(state.word, title[end:])
    return State(None, state.word) if state.well and (vague or taken_back.in_title(title[end:])) else state


def _before(title: str) -> tuple[list[tuple[State, int]], State | None]:
    """Return the words before a title, each with its end, and UPDATE where that stands there.

    A word for a service that is well may begin what the title is about: it counts alone, and as a heading.
    """
    found: list[tuple[State, int]] = []
    at, update = 0, None
    while before := _PREFIX.match(title, at):
        at = before.end()
        state = _known(before[1], in_title=True)
        if state is None or state.word == UPDATE:
            update = State(Severity.INCIDENT, UPDATE, in_title=True)
        elif state.well and state.word not in STAGES and state.word not in HEADINGS and at < len(title):
            break
        else:
            found.append((state, at))
    return found, update


def subject(title: str) -> str:
    """Return what a title is about, without the words for a state before it."""
    bare = _BRACKETS.sub(lambda found: "" if _known(found[1] or found[2]) else found[0], title[:_TITLE])
    while (found := _PREFIX.match(bare)) and found.end():
        bare = bare[found.end() :]
    return " ".join(bare.split()).casefold()


def of_word(word: str) -> State:
    """Return the state of a value that is nothing else, such as that of an element called status."""
    return _known(word) or State(None, word)


def _known(word: str, in_title: bool = False) -> State | None:
    plain = " ".join(_CAMEL.sub(" ", word).replace("_", " ").split()).lower()
    if plain == UPDATE:
        return State(Severity.INCIDENT, UPDATE, in_title)
    if plain in SCHEDULED:
        return State(Severity.MAINTENANCE, plain, in_title)
    return State(WORDS[plain], plain, in_title) if plain in WORDS else None


def _heads(lines: Sequence[str]) -> list[_Head]:
    """Return the words at the heads of updates with their lines and times; one nobody knows is kept too."""
    found: list[_Head] = []
    when, dated = None, -2  # the time that was read last, and in which line
    for at, line in enumerate(lines):
        before = _BEFORE.match(line, 0, _LEAD)
        start = before.end() if before else 0
        if read := stamp_in(line[:start]):
            when, dated = read, at
        elif clock := clock_in(line[:start]):
            when, dated = clock if when is None or not when[1] else (*when[:3], *clock[3:]), at
        head = _head(line, start)
        if head and (state := _known(head[1])):
            rest = head[2]
            told = when or clock_in(line[head.end(1) :])
            behind = line[head.end(1) :].lstrip(_BETWEEN)
            bracket = taken_back.in_bracket(line[head.end(1) :])
            if state.well and (bracket or _taken_back(state.word, behind, rest)):
                found.append(_Head(at, State(None, f"{state.word} {rest[:20]}"), told, behind))
            elif not (":" in line[head.end(1) : head.end(1) + 2] and _TIME.match(rest)):  # a label of a time otherwise
                found.append(_Head(at, state, told, behind))
        elif _LABEL.match(line):
            continue
        elif (strange := (_STRANGE_UPDATE if at - dated < 2 else _STRANGE_HEAD).match(line, start)) and not _lists(
            line
        ):
            found.append(_Head(at, State(None, strange[0][:30]), when))
    return found


def _taken_back(word: str, behind: str, rest: str) -> bool:
    if word in AHEAD:
        return taken_back.begun(behind)
    return taken_back.in_text(behind) or taken_back.in_text(rest) or taken_back.otherwise_meant(word, rest)


def _head(line: str, start: int) -> re.Match[str] | None:
    """Return the word at the head of `line`. In the middle of a sentence, whose line was broken, it would be small."""
    head = _HEAD.match(line, start)
    while head and head[1].lower() == UPDATE and (behind := _HEAD.match(line, head.start(2))):
        head = behind
    return (
        None
        if head and head[1][0].islower() and line[head.start() : head.start(1)].strip() not in ("[", "【", "［")
        else head
    )


def _lists(line: str) -> bool:
    """Tell whether a line says how a component is, or explains what stands behind its dash."""
    before, _, behind = line.replace("–", "-").replace("—", "-").partition(" - ")
    plain = behind.strip(" .").lower()
    return before.strip().lower() in LABELS or plain in CONDITIONS or plain in STAGES


def _in_time(
    heads: list[_Head],
) -> list[_Head]:
    """Return `heads` newest first: turned round where their times say that the oldest stands first."""
    times = [head.when for head in heads if head.when is not None]
    yearless = any(when[0] == 0 for when in times)
    times = [(0, *when[1:]) for when in times] if yearless else times
    if len(times) < max(2, len(heads)) or times != sorted(times) or times[0] == times[-1]:
        return heads
    over_new_year = yearless and times[-1][1] - times[0][1] > 6  # half a year
    over_midnight = not times[-1][1] and times[-1][3] - times[0][3] > 12  # half a day, of bare times
    return heads if over_new_year or over_midnight else heads[::-1]


def _labels(lines: Sequence[str]) -> list[_Head]:
    """Return what stands behind `Status:`, wherever that is, with its lines."""
    found = []
    components = False
    for at, line in enumerate(lines):
        components = components or bool(_OF_COMPONENTS.match(line))
        label = _label(line)
        value = label[2] if label else ""
        if _LABEL_ALONE.fullmatch(line) and at + 1 < len(lines):
            bare = _bare(lines[at + 1])
            if (state := _known(bare)) or len(bare.split()) <= _SENTENCE:
                found.append(_Head(at, state or State(None, bare[:40]), None))
            continue
        if not label and line[:7].lower() == "status " and (state := _known(_bare(line[7:]))):
            found.append(_Head(at, state, None))
        if not label or not value:
            continue
        bare = _bare(value)
        behind = value[value.find(bare) + len(bare) :]
        state = _known(bare)
        bracket = taken_back.in_bracket(behind)
        behind = behind.lstrip(_BETWEEN)
        if state and state.well and (bracket or _taken_back(state.word, behind, behind)):
            state = State(None, value[:40])
        if state and state.well and state.word not in STAGES and (components or label.start(1) > 0):
            continue  # how a component is
        if state:
            found.append(_Head(at, state, None, behind))
        elif len(bare.split()) <= _SENTENCE:
            found.append(_Head(at, State(None, bare[:40]), None))
    return found


def _label(line: str) -> re.Match[str] | None:
    """Return the first label in `line` that is about how it stands now."""
    label = _LABEL.search(line)
    while label and _OF_ANOTHER_TIME.search(line[: label.end(1)]):
        label = _LABEL.search(line, label.start(2))
    return label


def _bare(value: str) -> str:
    """Return a value without what stands behind it, symbols and emphasis; a question stays one."""
    short = _VALUE_ENDS.split(_FRINGE.sub("", value[:_VALUE]), maxsplit=1)[0]
    return _FRINGE.sub("", short[::-1])[::-1]
