"""What the screens show of an announcement: what is sent where, if it is still looked for, and what was taken back."""

from typing import Any

import pytest
from msgspec.structs import replace
from outagetui.board.rows import AnnouncementRow, DeliveryRow
from outagetui.board.run_rows import announcement_row
from outagetui.core.model import Entry
from outagetui.facts import events
from outagetui.facts.events import Event
from outagetui.facts.ledger import Ledger

MADE = events.AnnouncementMade(
    announcement="a1",
    part=0,
    kind="update",
    audience="customers",
    texts={"en": ("Title", "Body")},
    since=1.0,
    next_update=None,
    accounts=(),
    outlets=("blog", "forum"),
)
SENT = events.DeliveryIntended(
    announcement="a1", part=0, outlet="blog", key="k", text="Tit…", count=4, limit=5, shortened=True
)


def ledger_of(*told: Event) -> Ledger:
    ledger = Ledger()
    for number, event in enumerate(told, 1):
        ledger.apply(Entry(number, float(number), "ada", events.kind_of(event), events.encode(event), "", ""))
    return ledger


def row_of(*told: Event) -> AnnouncementRow:
    return announcement_row(ledger_of(MADE, *told).announcements["a1"])


def ended(state: str, do: str = "publish", outlet: str = "blog", **more: Any) -> events.DeliveryEnded:
    return events.DeliveryEnded(announcement="a1", part=0, outlet=outlet, state=state, do=do, **more)


def blog(*told: Event) -> DeliveryRow:
    return row_of(*told).deliveries[0]


def test_what_is_sent_is_shown_word_for_word_once_it_is_begun() -> None:
    first = blog()
    assert (first.state, first.text, first.count, first.settled) == ("planned", "Title\n\nBody", 0, False)
    begun = blog(SENT)
    assert (begun.state, begun.text, begun.count, begun.limit, begun.shortened) == ("sending", "Tit…", 4, 5, True)
    edit = events.DeliveryEdited(announcement="a1", part=0, outlet="blog", title="Own", body="words")
    again = events.DeliveryOrdered(announcement="a1", part=0, outlet="blog")
    mended = blog(SENT, ended("failed"), edit, again)
    assert (mended.state, mended.text, mended.count) == ("planned", "Own\n\nwords", 0)


def test_what_was_not_begun_is_shown_in_the_outlets_own_language() -> None:
    both = replace(MADE, texts={"de": ("Titel", "Rumpf"), "en": ("Title", "Body")})
    made = ledger_of(both, ended("skipped", detail="down")).announcements["a1"]
    blog, forum = announcement_row(made, {"blog": "en", "forum": "de"}).deliveries
    assert (blog.title, blog.body, blog.text) == ("Title", "Body", "Title\n\nBody")
    assert (forum.title, forum.body, forum.text) == ("Titel", "Rumpf", "Titel\n\nRumpf")
    made = ledger_of(both, SENT, ended("failed")).announcements["a1"]
    blog = announcement_row(made, {"blog": "en"}).deliveries[0]
    assert (blog.title, blog.body, blog.text) == ("Title", "Body", "Tit…")


def test_an_outlet_that_nobody_left_out_is_told_apart() -> None:
    assert blog(ended("skipped", detail="its checks say it is down")).left_out
    assert not blog(ended("skipped", "skip", detail="left out by ada")).left_out
    assert not blog(SENT, ended("failed")).left_out
    assert not blog(ended("skipped"), events.AnnouncementRetracted(announcement="a1", note="")).left_out


@pytest.mark.parametrize(
    ("state", "do", "settled"),
    [
        ("sent", "publish", False),
        ("sent", "look", True),
        ("seen", "look", True),
        ("unknown", "publish", False),
        ("unknown", "look", True),
        ("failed", "publish", True),
        ("skipped", "skip", True),
    ],
)
def test_what_is_still_looked_for_is_not_settled(state: str, do: str, settled: bool) -> None:
    row = blog(SENT, ended(state, do, detail="why"))
    assert (row.state, row.detail, row.settled) == (state, "why", settled)


def test_of_what_is_taken_back_what_came_of_that_is_shown() -> None:
    back = events.AnnouncementRetracted(announcement="a1", note="wrong")
    told = (SENT, ended("seen", "look"), ended("failed", outlet="forum"), back)
    row = row_of(*told)
    assert (row.open, row.retracted) == (False, 5.0)
    assert [(each.outlet, each.state, each.settled) for each in row.deliveries] == [
        ("blog", "planned", False),
        ("forum", "failed", True),
    ]
    begun = events.DeliveryIntended(announcement="a1", part=0, outlet="blog", key="k", do="retract")
    assert blog(*told, begun).state == "sending"
    assert blog(*told, begun, ended("failed", "retract", detail="no")).detail == "no"
    again = events.DeliveryOrdered(announcement="a1", part=0, outlet="blog", do="retract")
    assert blog(*told, begun, ended("failed", "retract"), again).state == "planned"
    done = row_of(*told, begun, ended("retracted", "retract"))
    assert [each.state for each in done.deliveries] == ["retracted", "failed"]


def test_what_may_be_there_is_remembered_until_it_is_known() -> None:
    def reached(*more: Event) -> dict[str, list[int]]:
        return ledger_of(MADE, SENT, *more).announcements["a1"].reached()

    assert reached() == {"blog": [0]}
    assert reached(ended("unknown"), ended("skipped", "skip")) == {"blog": [0]}
    assert reached(ended("unknown"), ended("failed")) == {}
    assert reached(ended("sent")) == {"blog": [0]}


def test_journals_of_before_still_read() -> None:
    ledger = ledger_of(MADE)
    for number, (kind, document) in enumerate(
        (
            ("announce.intent", '{"announcement":"a1","key":"k","outlet":"blog","part":0}'),
            (
                "announce.outcome",
                '{"announcement":"a1","detail":"","outlet":"blog","part":0,"remote_id":"7","state":"sent","url":"u"}',
            ),
        ),
        2,
    ):
        ledger.apply(Entry(number, float(number), "ada", kind, document, "", ""))
    row = announcement_row(ledger.announcements["a1"])
    assert (row.deliveries[0].state, row.deliveries[0].remote_id, row.open) == ("sent", "7", True)


def test_what_belongs_to_no_announcement_is_passed_over() -> None:
    ledger = ledger_of(
        SENT,
        ended("sent"),
        events.AnnouncementRetracted(announcement="a1"),
        events.DeliveryEdited(announcement="a1", part=0, outlet="blog", title="a", body="b"),
        events.DeliveryOrdered(announcement="a1", part=0, outlet="blog"),
    )
    assert ledger.announcements == {}
