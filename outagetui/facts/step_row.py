"""A step of a run and a mute as the journal tells them; screens show them as they are."""

from msgspec import Struct

SHORTEST_HASH = 12  # hex digits of what is approved that people see, and that an approver must give at least
SHORTEST_REASON = 10  # characters of the reason for going on without a second person


class StepRow(Struct, frozen=True, kw_only=True):
    """A step of a run. `state` is waiting, asking, doing, done, failed, skipped, undone or unsure."""

    id: str
    do: str
    title: str
    state: str
    attempt: int = 0
    detail: str = ""
    at: float | None = None
    actor: str = ""
    question: str = ""
    answers: tuple[str, ...] = ()
    preview: str = ""  # what a yes will send, word for word
    why: str = ""  # the question's kind: confirm, manual, choose, approve, failed or unsure
    hash: str = ""  # what another operator approves, in hex
    until: float | None = None  # when the approval is no longer waited for
    output: str = ""  # what the step printed, cleaned and capped


class MuteRow(Struct, frozen=True, kw_only=True):
    """A maintenance in force."""

    until: float
    reason: str
    actor: str
