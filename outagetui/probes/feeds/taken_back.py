"""Whether what stands behind a word for a state takes it back: "Resolved - but it is back", "Completed (2 of 5)". Pure.

So does what shows that the word means something else ("Fixed: lines"), or what is ahead that has begun.

Prose tells what happened ("It only touched one region"), so only what goes on from the word itself is weighed.
"""

import re

from outagetui.probes.feeds.incident_words import STAGES
from outagetui.probes.feeds.statements import Severity

_FRINGE = " \t.,:;-–—|*_()[]!"
_SHORT = 4  # words of a sentence that is none of its own
_COUNT = (
    r"(?:\d{1,6}\s*(?:(?:out\s+)?of|von|de|sur|di|van|av|из)\s*\d{1,6}"
    r"|(?<![\d/])\d{1,4}\s?/\s?\d{1,4}(?![\d/]|,?\s*\d))"  # a date or a time otherwise
)
_DIRECTLY = re.compile(
    r"(?:no|not|none|false|nein|nicht|non|pending|awaiting|n/a|tbd|partial\w*|teilweise|only|except|but|still|again"
    r"|yet|mostly|partly|eta|expected|planned|estimated|provisional(?:ly)?|temporar(?:y|ily)|tentative(?:ly)?|probably"
    r"|presumably|hopefully|supposedly|soon|maybe|duplicate|superseded|merged|vorläufig|vorübergehend|vermutlich"
    r"|voraussichtlich|provisoire(?:ment)?|provisional(?:mente)?|temporaire(?:ment)?|temporal(?:mente)?|aber|noch|nur|außer|mais|sauf|pero|excepto|solo"
    rf"|\?|0*\d{{1,2}}\s*%|(?:(?:on|in|for|at)\s+)?{_COUNT})(?!\w)",
    re.IGNORECASE,
)
_LATER = re.compile(
    r"(?<!\w)(?:but|only|except|excluding|still|not|partial\w*|partly|mostly|almost|pending|ongoing|investigating"
    r"|premature\w*|re-?open\w*|is\s+back|(?:failing|down|broken|offline)\s+again|aber|nur|noch|nicht|außer|teilweise|mais|seulement|sauf|pero"
    rf"|excepto|solo|{_COUNT})(?!\w)",
    re.IGNORECASE,
)
_BACK = re.compile(
    r"(?:problems?|issues?|errors?|outages?|failures?)\s+(?:(?:is|are|has|have)\s+)?(?:back|returned|come\s+back)(?!\w)"
    r"|(?<!\w)still\s+(?:affected|impacted|failing|down|broken|unavailable|degraded|offline|out)(?!\w)"
    r"|(?<!\w)(?:failing|down|broken|offline)\s+again(?!\w)",
    re.IGNORECASE,
)
_RECALLED = re.compile(
    r"(?<!\w)(?:re-?opening|too\s+early|premature\w*"
    r"|(?:marked|set|closed|resolved|declared|reported)\s+(?:\w+\s+){0,4}(?:by\s+mistake|in\s+error|mistakenly|erroneously)"
    r"|(?:mistakenly|erroneously|accidentally)\s+(?:\w+\s+)?(?:marked|set|closed|resolved|declared|reported)"
    r"|(?:irrtümlich|versehentlich|fälschlich)\w*\s+(?:\w+\s+){0,3}(?:geschlossen|gemeldet|markiert|gesetzt|behoben|gelöst))(?!\w)",
    re.IGNORECASE,
)
_MAYBE = re.compile(r"(?<!\w)(?:if|should|please|anyone|were|was|had)(?!\w)", re.IGNORECASE)
_STOPS = re.compile(r"[.!?](?:\s|$)|[。！？]")
_ENDS = re.compile(r"[.!?;](?:\s|$)|[。！？]")
_ALONE = (
    r"(?:not(?:\s+yet)?|no|never|begun|started|partial(?:ly)?|partly|mostly|almost|nicht|noch\s+nicht|nein|teilweise|fast"
    r"|pas\s+encore|non|partiellement|todavía\s+no|aún\s+no|parcialmente|ainda\s+não|non\s+ancora|nog\s+niet|нет)"
)
_GOING = "|".join(
    re.escape(word).replace(r"\ ", r"\s+")
    for word, severity in sorted(STAGES.items(), reverse=True)
    if severity is not Severity.OPERATIONAL
)
# Another word for a state in the same line, which goes on: "EU, Monitoring: US".
_BESIDE = re.compile(
    rf"(?:[.,;:/|&+→]|\s[-–—]|(?<!\w)(?:and|und|et|y|e|en))\s*(?:{_GOING})\s*(?:[:：(]|[-–—]\s|(?:in|for)(?!\w)|$)"
    rf"|[\[(【［](?:{_GOING})[\])】］]",
    re.IGNORECASE,
)
_PART = (
    r"(?:(?:step|phase|part|stage|batch|wave|schritt|teil|étape|fase|etapa)\s+(?:\d+|one|two|three)(?!\d)"
    r"|(?:for\s+)?(?:most|some|many|certain|several|a\s+few|einige|manche|viele|meisten|certains|algunos|alguns)\s+"
    r"(?:of\s+)?(?:the\s+|our\s+)?\w+\W*$"
    r"|(?:only|nur|seulement|solo|somente|alleen)\s+(?:for\s+|in\s+)?\w+(?:\s\w+)?\W*$)"
)
_ONGOING = "monitoring|investigating|identified|ongoing|watching|in\\s+progress|wird\\s+(?:beobachtet|untersucht)"
_IN_TITLE = re.compile(
    rf"\W*(?:(?:but|except|pending|awaiting|only\s+(?:for|in)|(?:for|in)\s.{{1,40}}\sonly)(?!\w)|{_COUNT}\W*$"
    rf"|0*\d{{1,2}}\s*%\W*$|{_ALONE}\W*$|{_PART}|(?:{_ONGOING})\s+(?:in|for)(?!\w))",
    re.IGNORECASE,
)
_ELSEWHERE = re.compile(
    rf"[,;/|&+]\s*(?:[^,;]{{0,30}}\s)?(?:{_ONGOING}|still\s+\w+|not)(?!\w)|(?<!\w)(?:persists?|ongoing|remains?|only)\W*$"
    r"|(?<!\w)(?:issue|problem|outage|incident|disruption)s?\s+(?:is\s+|are\s+)?(?:persist|ongoing|continu|remain)"
    r"|(?<!\w)still\s+(?:affected|impacted|failing|down|broken|unavailable|degraded|offline|out|monitoring|investigating)(?!\w)"
    r"|(?<!\w)(?:is|are)\s+back\W*$|(?<!\w)(?:but\s+not|except|excluding|außer|sauf|excepto|exceto|tranne|behalve)(?!\w)",
    re.IGNORECASE,
)
# What is ahead has not begun.
_BEGUN = re.compile(
    r"(?<!\w)(?:now|begun|began|begins?\s+now|has\s+started|starts?\s+now|started|starting|under\s?way|in\s+progress|currently|ongoing"
    r"|urgent|emergency|immediate(?:ly)?|down|outage|active|investigating|jetzt|sofort|läuft|begonnen|gestartet|derzeit"
    r"|notfall\w*|en\s+cours|maintenant|urgence|ahora|en\s+curso|adesso|in\s+corso|agora|em\s+andamento|nu|bezig"
    r"|teraz|trwa|сейчас)(?!\w)|进行中|進行中|緊急|진행",
    re.IGNORECASE,
)
_WILL = re.compile(
    r"(?<!\w)(?:will|would|shall|may|might|expect\w*|until|wird|werden|kann|können|sera|seront|será|serán|sarà)(?!\w)",
    re.IGNORECASE,
)
# Words that are as well an adjective: of lines that are fixed, of an office that is closed.
_THING = re.compile(
    r"(?:land\s?)?(?:lines?|networks?|wireless|broadband|internet|telephony|telephones?|phones?|voice|access|lte|ip|wan|cost|price"
    r"|rate|office|shop|store|support|hotline|branch|beta|group|network)(?!\w)",
    re.IGNORECASE,
)
_TROUBLE = re.compile(
    r"problem|issue|error|bug|outage|fail|fault|slow|latenc|delay|incident|degrad|disrupt|interrupt|unavailab|unreachab"
    r"|impact|affect|crash|loss|lost|broken|break|(?<!\w)down(?!\w|load)|downtime|time-?out|unable|cannot|can.t(?!\w)|not\s"
    r"|missing|reject|refus|stuck|outages|intermittent|elevated|increased|high\s|wrong|incorrect|late(?!\w)",
    re.IGNORECASE,
)
_WORK = re.compile(
    r"maint|upgrad|updat|migrat|move|deploy|release|work|window|replace|reboot|restart|patch|switch|downtime|interrupt"
    r"|wartung|umzug|arbeiten|manten|manut|onderhoud|メンテ|维护|維護|점검|работ",
    re.IGNORECASE,
)
_NOW = re.compile(r"(?<!\w)(?:is|are)(?!\w)", re.IGNORECASE)
_ADJECTIVES = frozenset(["fixed", "closed"])
_OF_PLANS = frozenset(["complete", "cancelled", "canceled", "postponed", "rescheduled"])
_COUNTED = re.compile(rf"[(\[（]\s*{_COUNT}\s*[)\]）]", re.IGNORECASE)
_BRACKET = re.compile(
    r"[*_\s]*[(\[（［][^)\]）］]{0,80}(?<!\w)(?:degrad\w+|\w*outages?|down|offline|disrupt\w*|investigat\w*|identified|monitoring"
    r"|ongoing|unavailable|impaired|slow|failing|eingeschränkt|beeinträchtigt|gestört|störung\w*|ausfall|dégradé\w*|panne)(?!\w)",
    re.IGNORECASE,
)


def in_bracket(behind: str) -> bool:
    """Tell whether a bracket right behind a word for a state names trouble: "Operational (degraded in Europe)"."""
    return bool(_BRACKET.match(behind))


def in_text(behind: str) -> bool:
    """Tell whether `behind`, what follows a word for a state in a text, takes it back in the same sentence."""
    if _DIRECTLY.match(behind) or re.match(_PART, behind, re.IGNORECASE) or _BESIDE.search(behind):
        return True
    sentence = _ENDS.split(behind, maxsplit=1)[0]
    if (sentence[:1].islower() or len(sentence.split()) <= _SHORT) and _LATER.search(sentence):
        return True
    whole = _STOPS.split(behind, maxsplit=1)[0]  # what stands behind a semicolon goes on from the word, too
    return bool(_RECALLED.search(sentence) or (_BACK.search(whole) and not _MAYBE.search(whole)))


def in_title(behind: str) -> bool:
    """As `in_text` for a title, in which the incident's subject stands behind the word."""
    return bool(
        _IN_TITLE.match(behind) or _COUNTED.search(behind) or _ELSEWHERE.search(behind) or _BESIDE.search(behind)
    )


def begun(about: str) -> bool:
    """Tell whether `about`, what stands beside the word that something is planned, says that it goes on already."""
    return any(_BEGUN.search(sentence) and not _WILL.search(sentence) for sentence in _ENDS.split(about))


def otherwise_meant(word: str, behind: str) -> bool:
    """Tell whether `word` may mean something else before `behind`: lines that are fixed, an order that is cancelled."""
    about = behind.strip(_FRINGE)
    return bool(about) and word in _ADJECTIVES and bool(_THING.match(about))


def of_nothing_over(word: str, behind: str) -> bool:
    """As `otherwise_meant` for a title, which has to say what trouble is fixed, or what work is not done."""
    about = behind.strip(_FRINGE)
    if not about:
        return False
    if word in _ADJECTIVES and _THING.match(about) and _NOW.search(about):
        return True
    wanted = _TROUBLE if word in _ADJECTIVES else _WORK if word in _OF_PLANS else None
    return wanted is not None and not wanted.search(about)
