"""Whether what stands behind a word for a state takes it back: "Resolved - but it is back", "Completed (2 of 5)". Pure.

Prose tells what happened ("It only touched one region"), so only what goes on from the word itself is weighed.
"""

import re

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
_IN_TITLE = re.compile(
    rf"\W*(?:(?:but|except|pending|awaiting|only\s+(?:for|in)|(?:for|in)\s.{{1,40}}\sonly)(?!\w)|{_COUNT}\W*$"
    r"|0*\d{1,2}\s*%\W*$)",
    re.IGNORECASE,
)
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
    if _DIRECTLY.match(behind):
        return True
    sentence = _ENDS.split(behind, maxsplit=1)[0]
    if (sentence[:1].islower() or len(sentence.split()) <= _SHORT) and _LATER.search(sentence):
        return True
    whole = _STOPS.split(behind, maxsplit=1)[0]  # what stands behind a semicolon goes on from the word, too
    return bool(_RECALLED.search(sentence) or (_BACK.search(whole) and not _MAYBE.search(whole)))


def in_title(behind: str) -> bool:
    """As `in_text` for a title, in which the incident's subject stands behind the word."""
    return bool(_IN_TITLE.match(behind) or _COUNTED.search(behind))
