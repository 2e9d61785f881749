"""What is ordered for a channel, without a screen: nothing before it was agreed to."""

import pytest
from outagetui.core.model import State
from outagetui.facts.ledger import Mute
from outagetui.tui.channel_orders import activate, mute
from tests.tui.fakes import NOW, channel
from tests.tui.plain import PlainOperator


@pytest.mark.parametrize(("standing", "order"), [("standby", "activate"), ("active", "deactivate")])
async def test_a_backup_is_taken_into_use_or_out_of_it_after_a_yes(standing: str, order: str) -> None:
    operator = PlainOperator(None, None, False, True)
    row = channel("phone", "Phone", role="backup", standing=standing)
    await activate(operator, row)
    assert operator.sent == []
    await activate(operator, row)
    assert operator.sent == [(order, {"channels": ["phone"]})]


@pytest.mark.parametrize(
    ("state", "why", "warning"),
    [
        (State.UP, "", ""),
        (State.DOWN, "no answer", "It is DOWN now: no answer"),
        (State.UNKNOWN, "", "It is UNKNOWN now: nobody may answer there"),
    ],
)
async def test_activating_what_does_not_work_is_warned_of(state: State, why: str, warning: str) -> None:
    operator = PlainOperator(None, None, False)
    await activate(operator, channel("phone", "Phone", state, role="backup", why=why))
    assert operator.asked == ["Activate Phone for customers?"]
    assert operator.warned == [warning]


@pytest.mark.parametrize("muted", [None, Mute(until=NOW + 60, reason="works", actor="bob")])
async def test_a_mute_is_ordered_as_it_was_filled_in(muted: Mute | None) -> None:
    operator = PlainOperator(None, None, None, (300.0, "works"))
    row = channel("phone", "Phone", muted=muted)
    await mute(operator, row)
    assert operator.sent == []
    await mute(operator, row)
    assert operator.asked == [f"mute Phone, muted={muted is not None}"] * 2
    assert operator.sent == [("mute", {"id": "phone", "seconds": 300.0, "reason": "works"})]
