"""The kinds of announcement, in the order and by the digits in which they are chosen."""

DRILL_KIND = "drill"  # the kind of announcement that says that nothing has failed
# In the order they are mostly told in. Each keeps its place for ever: it is the digit that chooses it.
ANNOUNCEMENT_KINDS = (
    "investigating",
    "identified",
    "backup-active",
    "update",
    "recovering",
    "resolved",
    "false-alarm",
    DRILL_KIND,
)
CLOSING_KINDS = ("resolved", "false-alarm")  # kinds of announcement that end it
FOLLOWING_KINDS = ("update", "recovering", *CLOSING_KINDS)  # those that go on with something
