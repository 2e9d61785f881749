"""The words that the journal has for how something stands or what came of it, and the sets that are asked about.

A journal may hold a word of a newer version. It is kept and shown as it is, so what holds such words is a `str`, which
compares with these.
"""

from enum import StrEnum


class StepState(StrEnum):
    """Where a step of a run stands; `UNSURE`: it was begun, and nobody knows whether it happened."""

    WAITING = "waiting"
    ASKING = "asking"
    DOING = "doing"
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"
    UNDONE = "undone"
    UNSURE = "unsure"


STEP_ASKS = (StepState.ASKING, StepState.UNSURE)  # its question waits for an answer
STEP_SETTLED = (StepState.DONE, StepState.SKIPPED, StepState.UNDONE)  # nothing more is tried
STEP_ENDED = (*STEP_SETTLED, StepState.FAILED)


class RunState(StrEnum):
    """Where a run stands."""

    RUNNING = "running"
    ASKING = "asking"
    DONE = "done"
    FAILED = "failed"
    ABORTED = "aborted"


RUN_ENDED = (RunState.DONE, RunState.FAILED, RunState.ABORTED)


class Why(StrEnum):
    """Why a step asks."""

    CONFIRM = "confirm"
    MANUAL = "manual"
    CHOOSE = "choose"
    APPROVE = "approve"
    FAILED = "failed"
    UNSURE = "unsure"


class DeliveryState(StrEnum):
    """Where a part of an announcement stands at an outlet, or taking the announcement back there."""

    PLANNED = "planned"
    SENDING = "sending"
    SENT = "sent"
    SEEN = "seen"
    FAILED = "failed"
    SKIPPED = "skipped"
    UNKNOWN = "unknown"
    RETRACTED = "retracted"


UNDER_WAY = (DeliveryState.PLANNED, DeliveryState.SENDING)
PLACED = (DeliveryState.SENT, DeliveryState.SEEN)  # it is there
DELIVERED = (*PLACED, DeliveryState.RETRACTED)  # the outlet did what it was asked
DELIVERY_WELL = (*DELIVERED, DeliveryState.SKIPPED)  # all is as it was wanted
TROUBLED = (DeliveryState.FAILED, DeliveryState.UNKNOWN)
MISSED = (*TROUBLED, DeliveryState.SKIPPED)  # it is not surely there, and can be tried once more


class Deed(StrEnum):
    """What was done with an announcement at an outlet; `LOOK`: looked up, or read back, for the last time."""

    PUBLISH = "publish"
    RETRACT = "retract"
    LOOK = "look"
    SKIP = "skip"


class AlertState(StrEnum):
    """What came of telling a link of the alert chain something."""

    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    SKIPPED = "skipped"


ALERT_MISSED = (AlertState.FAILED, AlertState.SKIPPED)


class AlertNews(StrEnum):
    """What a link of the alert chain is told."""

    OPENED = "opened"
    UPDATE = "update"
    ACKED = "acked"
    RECOVERED = "recovered"
    TEST = "test"


class AlertPhase(StrEnum):
    """What a link of the alert chain was told last of how an incident stands."""

    BAD = "bad"
    RECOVERED = "recovered"


class ProofOutcome(StrEnum):
    """What came of trying a backup; `UNKNOWN`: we could not look ourselves."""

    PASSED = "passed"
    FAILED = "failed"
    UNKNOWN = "unknown"


class Owed(StrEnum):
    """What people are owed: that the way they were sent to is dead, that a backup is open, the promised news."""

    DEAD_WAY = "dead-way"
    NOT_TOLD = "not-told"
    LATE = "late"


class Standing(StrEnum):
    """Whether a backup is in use."""

    STANDBY = "standby"
    ACTIVE = "active"


class Readiness(StrEnum):
    """Whether a backup was proven to work; `STALE`: too long ago, `BROKEN`: not the last time."""

    READY = "ready"
    STALE = "stale"
    UNTESTED = "untested"
    BROKEN = "broken"
