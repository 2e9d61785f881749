"""A look that ended by a fault of ours is told as trouble, with its count, for an hour."""

from outagetui.core.model import Outcome, Sample
from outagetui.daemon.own_faults import OwnFaults
from tests.kit.scripted_servers import make_check


def test_faults_are_counted_and_told_for_an_hour() -> None:
    clock = [0.0]
    faults = OwnFaults(lambda: clock[0])
    check = make_check("tcp", "tcp://127.0.0.1:1")
    faults.see(check, Sample(Outcome.FAIL, "tcp.refused", "no"))
    assert faults.trouble == ""
    faults.see(check, Sample(Outcome.UNKNOWN, "internal", "a fault of outagetui itself (probes/tcp.py line 3)"))
    assert faults.trouble.startswith("1 look ended by a fault of outagetui itself")
    assert faults.trouble.endswith("the last of test.tcp")
    clock[0] = 3000.0
    faults.see(check, Sample(Outcome.UNKNOWN, "internal", "a fault of outagetui itself (probes/tcp.py line 3)"))
    faults.see(check, Sample(Outcome.PASS))
    clock[0] = 6000.0
    assert faults.trouble.startswith("2 looks ended")
    clock[0] = 6601.0
    assert faults.trouble == ""
