"""What a paid backup costs: from declared rates and use, or from how its balance falls."""

import pytest
from outagetui.core.model import Cost
from outagetui.facts.cost import declared, rates, spending, words

HOUR = 3600.0
PREPAID = Cost(per_minute=0.02, minutes_per_hour=30, balance="phone.balance")


def test_declared_rates_times_declared_use_give_money_an_hour() -> None:
    assert declared(PREPAID) == pytest.approx(0.6)
    assert declared(Cost(per_message=0.05, messages_per_hour=10, monthly=7.3)) == pytest.approx(0.51)
    assert declared(Cost(monthly=73)) == pytest.approx(0.1)
    assert declared(Cost()) == 0


def test_rates_without_use_tell_nothing_about_what_was_spent() -> None:
    cost = Cost(per_minute=0.02)
    use = spending(cost, HOUR, None, None)
    assert (use.spent, use.lasts) == (None, None)
    assert words(cost, use) == ""


def test_the_balance_that_falls_says_more_than_what_was_declared() -> None:
    use = spending(PREPAID, 2 * HOUR, 20.0, 16.0)
    assert use.spent == pytest.approx(4)
    assert use.an_hour == pytest.approx(2)
    assert use.lasts == pytest.approx(8 * HOUR)
    assert words(PREPAID, use) == "spent 4.00 EUR, 16.00 EUR left, lasts 8 h at this rate"


def test_the_first_minutes_go_by_the_declared_rate() -> None:
    use = spending(PREPAID, 60.0, 20.0, 19.9)
    assert use.an_hour == pytest.approx(0.6)
    assert use.spent == pytest.approx(0.1)


def test_a_balance_that_was_topped_up_is_not_money_earned() -> None:
    use = spending(PREPAID, HOUR, 20.0, 50.0)
    assert use.spent == pytest.approx(0.6)
    assert use.lasts == pytest.approx(50 / 0.6 * HOUR)


def test_a_balance_nobody_read_at_the_activation_still_tells_how_long_it_lasts() -> None:
    use = spending(PREPAID, HOUR, None, 6.0)
    assert use.lasts == pytest.approx(10 * HOUR)


def test_an_overdrawn_balance_lasts_no_time() -> None:
    assert spending(PREPAID, HOUR, 1.0, -2.0).lasts == 0


def test_rates_are_told_in_words() -> None:
    assert rates(Cost(per_minute=0.02, monthly=10, currency="CHF")) == "0.020 CHF a minute, 10.00 CHF a month"
    assert rates(Cost()) == ""
