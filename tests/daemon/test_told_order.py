"""The order that says that people were told by hand."""

import pytest
from outagetui.facts.events import Told
from tests.kit.installation import Installation


@pytest.mark.parametrize(
    ("order", "words"),
    [
        ({"channel": "chat", "audience": "customers"}, "not a backup channel: chat"),
        ({"channel": "fone", "audience": "customers"}, 'fone (did you mean "phone"?)'),
        ({"channel": "phone", "audience": "customers"}, "phone is not active: activate it first"),
        ({"channel": "phone", "audience": "all"}, "told: Invalid enum value 'all'"),
        ({"channel": "phone"}, "told: Object missing required field `audience`"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(
    installation: Installation, order: dict[str, object], words: str
) -> None:
    installation.configure(every="5s").start()
    assert words in installation.order("told", **order)["error"]


def test_who_was_told_by_hand_is_journaled_with_who_says_so(installation: Installation) -> None:
    installation.configure(every="5s").start()
    assert installation.order("activate", channels=["phone"])["ok"]
    for order, words in (
        ({"audience": "staff"}, "phone is for customers, not for staff"),
        ({"audience": "customers", "reason": "\u200b\u2800"}, "nobody could read that reason"),
    ):
        assert words in installation.order("told", channel="phone", **order)["error"]
    assert installation.order("told", channel="phone", audience="customers", reason="by mail\x1b[2J")["ok"]
    (event,) = installation.events(Told)
    assert (event.channel, event.audience, event.run) == ("phone", "customers", "")
    assert "\x1b" not in event.reason
    assert set(installation.ledger().told) == {("customers", "phone")}
    assert installation.order("deactivate", channels=["phone"])["ok"]
    assert installation.ledger().told == {}
