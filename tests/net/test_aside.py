"""Whatever becomes of work in a thread of its own, whoever waits for it hears of it."""

import pytest
from outagetui.net.aside import aside


@pytest.mark.parametrize(
    ("raised", "heard"),
    [(ValueError("x"), ValueError), (SystemExit(2), RuntimeError), (KeyboardInterrupt(), RuntimeError)],
)
async def test_work_that_breaks_in_any_way_is_heard_of(raised: BaseException, heard: type[Exception]) -> None:
    def work() -> None:
        raise raised

    with pytest.raises(heard):
        await aside(work)
