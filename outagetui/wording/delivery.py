"""What goes to an outlet and what comes back. Pure; times are epoch seconds."""

from msgspec import Struct

# What an announcement gives a declared command for parameters of these names.
GIVEN = ("announcement", "part", "key", "kind", "audience", "language", "title", "url")


class Wording(Struct, frozen=True):
    """The words of a part in one more language than its outlet's own."""

    language: str
    title: str
    body: str


class Post(Struct, frozen=True, kw_only=True):
    """A part of an announcement; `others` are the same words in further languages, for the page, which shows all.

    One of kind `withdrawn` stands for an announcement that was taken back, whatever else the history holds of it.
    """

    announcement: str
    part: int
    kind: str
    title: str
    body: str
    at: float
    others: tuple[Wording, ...] = ()


class Fitted(Struct, frozen=True, kw_only=True):
    """The words of a delivery as one kind of outlet takes them.

    `text` is what is sent (plain, or Markdown where the kind takes that), `html` its HTML form, `plain` what a reader
    sees of it. `count` is its length as the outlet counts (0 in `limit`: it does not), `names` the accounts it names.
    """

    title: str
    text: str
    html: str
    plain: str
    count: int
    limit: int
    shortened: bool = False
    names: tuple[str, ...] = ()


class Placed(Struct, frozen=True, kw_only=True):
    """A part of the same announcement that is at this outlet: what the outlet calls it, and the key it was sent with.

    `at` is when it was made.
    """

    part: int
    key: str
    at: float
    remote_id: str
    url: str = ""


class Delivery(Post, frozen=True, kw_only=True):
    """One part of an announcement for one outlet.

    `key` is the same for every try of this delivery, `accounts` are (name, address) pairs and the only ones an outlet
    may show, `history` holds the earlier parts and those that later announcements have there, newest first. `text` is
    what outlets other than the page send, `placed` what of this announcement the outlet has already, newest first: a
    later part edits or answers it. `again`: an earlier try may have reached the outlet, so it is looked up before
    anything is sent. `above` is what a later announcement has there already, with this one among its history: a page
    shows that one first.
    """

    key: str
    audience: str
    language: str
    since: float
    next_update: float | None = None
    accounts: tuple[tuple[str, str], ...] = ()
    history: tuple[Post, ...] = ()
    text: Fitted | None = None
    placed: tuple[Placed, ...] = ()
    again: bool = False
    above: "Delivery | None" = None


class Delivered(Struct, frozen=True):
    """What became of a delivery.

    `sent`, `seen` (read back without a login), `failed` (surely not there), `unknown` (it may or may not be there),
    `skipped` or `retracted`. `retry_after` are the seconds that the outlet asks to be left alone. After the seconds
    `look_again` it is looked for, or tried, again by itself: nobody can see yet what was accepted, or it was put off.
    """

    state: str
    url: str = ""
    remote_id: str = ""
    detail: str = ""
    retry_after: float | None = None
    look_again: float | None = None


WITHDRAWN = "withdrawn"  # the kind of the one post that is left of an announcement that was taken back
