"""What servers say when one client comes too often or holds too many connections: our own doing, whatever they serve.

Few protocols have a code for it (RFC 5530 LIMIT), so that mostly the words for people are all there is.
"""

import re

from outagetui.core.model import Outcome
from outagetui.net.trouble import Trouble

_OFTEN = re.compile(
    r"throttl|too (?:fast|quick|often|frequent)|slow down|rate[ -]?limit|rate (?:is |was |has been )?exceeded"
    r"|exceed\w* (?:\S+ ){0,4}rate\b|(?:connection|session|login)s? (?:rate )?limit|connections from your"
    r"|more connections allowed|(?:maximum|max\.?) (?:number of )?(?:\S+ ){0,2}(?:connections|sessions|logins)\b"
    # As Postfix counts what one client brings; of recipients else the message has too many.
    r"|too (?:much mail|many recipients) from\b"
    # Of these the server or the message has too many, or we spoke badly; where Exim names nobody, it is full for all.
    r"|too many\b(?! (?:users|occupants|participants|recipients|rcpts?|hops|received|errors|bad|invalid|unknown"
    r"|unrecogni[sz]ed|syntax|protocol|concurrent smtp connections;))",
    re.IGNORECASE,
)


def is_throttled(words: str) -> bool:
    """Return whether a refusal in these words is of how often we come, and not of what we asked."""
    return _OFTEN.search(words) is not None


def in_words(said: str) -> str:
    """Return what that means, with what was said."""
    return f"the server thinks that we come too often: {said}"


def throttled(code: str, said: str) -> Trouble:
    """Return the trouble that it is, unknown, with the `code` of the protocol."""
    return Trouble(Outcome.UNKNOWN, code, in_words(said))
