"""`[reach]` and `known`: what reach means for each audience, and channels that need no word."""

from pathlib import Path

import pytest
from outagetui import config
from outagetui.core.model import AUDIENCES, Thresholds
from outagetui.daemon.public_copy import shown
from tests.kit.configs import BACKUP, SETTINGS, problems, write


def reach(tmp_path: Path, lines: str) -> dict[str, Thresholds]:
    made = config.load(write(tmp_path, {"outagetui.toml": f"{SETTINGS}{lines}"}))
    public = shown(made, "", ())
    for audience in AUDIENCES:
        assert public.limits(audience) == made.reach[audience]
    return {str(audience): limits for audience, limits in made.reach.items()}


def test_without_a_word_there_are_defaults(tmp_path: Path) -> None:
    assert reach(tmp_path, "") == dict.fromkeys(("customers", "staff"), Thresholds())
    assert Thresholds() == Thresholds(calm=0.95, alarm=0.70, tell_within=300.0)


def test_an_audience_has_its_own_and_else_those_of_all(tmp_path: Path) -> None:
    lines = '[reach]\ncalm = 0.9\ntell_within = "2m"\n[reach.staff]\ncalm = 1\nalarm = 0.99\n'
    assert reach(tmp_path, lines) == {
        "customers": Thresholds(calm=0.9, alarm=0.7, tell_within=120.0),
        "staff": Thresholds(calm=1.0, alarm=0.99, tell_within=120.0),
    }


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("[reach]\ncalm = 0.7", "5: reach.calm: alarm (0.7) must be less than calm (0.7)"),
        ("[reach]\nalarm = 0.95", "5: reach.alarm: alarm (0.95) must be less than calm (0.95)"),
        ("[reach]\ncalm = 0.5\nalarm = 0.6", "6: reach.alarm: alarm (0.6) must be less than calm (0.5)"),
        ("[reach.staff]\nalarm = 0.99", "5: reach.staff.alarm: alarm (0.99) must be less than calm (0.95)"),
        ("[reach]\ncalm = 0", "5: reach.calm: must be more than 0"),
        ("[reach]\nalarm = 0.0", "5: reach.alarm: must be more than 0"),
        ("[reach]\nalarm = -1", "5: reach.alarm: must be more than 0"),
        ("[reach]\ncalm = 1.01", "5: reach.calm: must be at most 1"),
        ("[reach]\ncalm = 95", "5: reach.calm: must be at most 1"),
        ('[reach]\ncalm = "95 %"', "5: reach.calm: expected a number"),
        ("[reach]\ntell_within = 5", "5: reach.tell_within: expected a duration"),
        ('[reach]\ntell_within = "0s"', "5: reach.tell_within: must be more than 0"),
        ("[reach.partners]\ncalm = 1", "4: reach.partners: unknown key"),
        ("[reach]\nlow = 1", "5: reach.low: unknown key"),
        ("[reach.staff]\nclam = 1", "5: reach.staff.clam: unknown key"),
        ("reach = 1", "4: reach: expected a table"),
    ],
)
def test_what_cannot_be_is_told_with_its_line(tmp_path: Path, lines: str, expected: str) -> None:
    told = problems(tmp_path, {"outagetui.toml": f"{SETTINGS}{lines}\n"})
    assert len(told) == 1, told
    assert told[0].startswith(f"outagetui.toml:{expected}"), told[0]


def test_a_channel_that_everybody_knows(tmp_path: Path) -> None:
    files = {
        "checks/b.toml": BACKUP.replace('name = "A"', 'name = "B"\nknown = true'),
        "playbooks/p.toml": 'name = "P"\n[[step]]\nid = "x"\ndo = "manual"\nsay = "x"\nwith = { told = "staff" }\n',
    }
    made = config.load(write(tmp_path, files))
    assert [channel.well_known for channel in made.channels] == [False, True]
    public = shown(made, "", ())
    assert [channel.well_known for channel in public.channels] == [False, True]
    assert [book.tells for book in public.playbooks] == [("staff",)]
