"""Which subjects of a room announcements set, so that taking one back puts back what then holds and nothing else.

One record for an outlet, in the order in which they were set, by the keys of their deliveries: `said` is a subject and
`before` the one it replaced; `refused` is one whose announcement was taken back.
"""

from collections.abc import Collection, Mapping

from outagetui.outlets import MaybeSentError, Tools, UnsentError
from outagetui.outlets.sentlog import Mark, sent_log


def note(tools: Tools, outlet: str, key: str, subject: str, before: str) -> str:
    """Note that a delivery is about to replace the subject; return why that cannot be, which must not hold it up."""
    try:
        with sent_log(tools, _name(outlet)) as log:
            log.note({key: Mark("accepted", subject, before=before)})
    except (UnsentError, MaybeSentError) as error:
        return str(error)
    return ""


def withdraw(tools: Tools, outlet: str, keys: Collection[str], now: str) -> str | None:
    """Note that the deliveries `keys` are taken back; return what to make of the subject `now`, None to leave it.

    Raises UnsentError or MaybeSentError when the record cannot be read.
    """
    with sent_log(tools, _name(outlet)) as log:
        log.note(
            {key: Mark("refused", mark.said, before=mark.before) for key, mark in log.marks.items() if key in keys}
        )
        return _under(log.marks, keys, now)


def _under(marks: Mapping[str, Mark], keys: Collection[str], now: str) -> str | None:
    """Return what was there before `keys` set the subject `now`, passing over what was taken back too."""
    stack = list(marks.items())
    while stack:  # the last to have said so is whose it is: another announcement may say the same
        key, mark = stack.pop()
        if mark.said == now and (key in keys or mark.fate == "accepted"):
            break
    else:
        return None
    if key not in keys:
        return None
    subject = mark.before
    for _, mark in reversed(stack):
        if mark.said == subject:
            if mark.fate == "accepted":
                break
            subject = mark.before
    return subject


def _name(outlet: str) -> str:
    return f"subjects-{outlet}"
