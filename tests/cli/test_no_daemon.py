"""The screens where no daemon can be started: the last facts are shown as old, and why nobody probes."""

from tests.kit.installation import Installation
from tests.kit.pty_driver import Pty


def test_a_configuration_with_errors_is_named_on_the_board(installation: Installation) -> None:
    installation.configure().start()
    installation.terminate()
    installation.configure(**{"playbooks__broken.toml": "bogus = 1\n"})
    with Pty(installation.argv(), columns=120, lines=24) as terminal:
        terminal.until_text("STALE")
        terminal.until_text("see outagetui validate: playbooks/broken.toml:1: bogus: unknown key")
        terminal.send("l")
        terminal.until_text("see outagetui validate: playbooks/broken.toml:1")
        terminal.send("q")
        assert terminal.wait() == 0
