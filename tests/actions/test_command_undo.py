"""What takes a `service` step back: only what surely was not so before."""

from pathlib import Path

import pytest
from outagetui.facts.run import StepRecord
from outagetui.playbook.plan import answers, dry_run
from outagetui.playbook.unwind import take_back, undo_of
from tests.kit.programs import RESTART, SERVICE, planned, service_step, step


@pytest.mark.parametrize(("verb", "back"), [("start", "stop"), ("stop", "start")])
def test_starting_and_stopping_take_each_other_back(tmp_path: Path, verb: str, back: str) -> None:
    lines = f'do = "service"\nwith = {{ unit = "a.service", verb = "{verb}" }}'
    (made,) = planned(tmp_path, step(lines, SERVICE))
    undo = undo_of(made)
    assert undo is not None
    assert (undo.do, undo.needs) == ("service", "confirm")
    assert undo.facts["argv"] == ["/usr/bin/systemctl", back, "--", "a.service"]
    assert undo.what == f"run /usr/bin/systemctl {back} -- a.service"
    assert "undo" in answers("failed", made)
    assert [each.what for each in take_back([StepRecord(made, state="done")], ())] == [undo.what]
    assert f"undo: {undo.what}" in dry_run([made])[1]


@pytest.mark.parametrize(
    ("verb", "verbs"),
    [("restart", "[a-z-]+"), ("is-active", "[a-z-]+"), ("start", "start|stop"), ("start", "start|is-active")],
)
def test_nothing_is_taken_back_that_may_have_been_so_before_or_cannot_be(verb: str, verbs: str) -> None:
    made = service_step("/usr/bin/systemctl", verb, verbs)
    assert undo_of(made) is None
    assert "undo" not in answers("failed", made)


def test_an_undo_of_its_own_comes_before_the_default_one(tmp_path: Path) -> None:
    undo = 'undo = { do = "command", with = { command = "restart", args = { unit = "b.c" } } }'
    lines = f'do = "service"\nwith = {{ unit = "a.service", verb = "start" }}\n{undo}'
    (made,) = planned(tmp_path, step(lines, RESTART + SERVICE))
    back = undo_of(made)
    assert back is not None
    assert back.facts["argv"] == ["/usr/bin/systemctl", "restart", "b.c"]
