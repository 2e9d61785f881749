"""A configuration of any size in which everything names something else: for laws of growth."""

from pathlib import Path

from tests.kit.configs import SETTINGS

CHANNEL = """[channel]
name = "Channel {number:05}"
audience = "customers"
address = "https://channel-{number:05}.example.net/"
provider = "provider {provider}"
role = {role}

[[check]]
id = "port"
probe = "tcp"
target = "{target}"
every = "{every:g}s"
timeout = "5s"
"""
PLAYBOOK = """name = "Book {number}"
[suggest]
when = [{{ channel = "channel-{number:05}" }}]

[[step]]
id = "up"
do = "verify"
with = {{ channels = ["channel-{backup:05}"], times = 2, within = "2m" }}

[[step]]
id = "activate"
do = "activate"
with = {{ channels = ["channel-{backup:05}"] }}
"""
SEGMENT = """[[segment]]
id = "segment-{number}"
audience = "customers"
people = 10
uses = ["channel-{number:05}"]
"""


def grow(
    directory: Path, count: int, *, target: str = "tcp://127.0.0.1:1", every: float = 30.0, store: Path | None = None
) -> Path:
    """Write `count` channels of a check each: every second backs up the one before it, which depends on the one before
    that. A segment for each primary, a playbook for every tenth. Returns the directory.
    """
    (directory / "checks").mkdir(parents=True)
    (directory / "playbooks").mkdir()
    place = f'[store]\npath = "{store}"\n' if store is not None else ""
    (directory / "outagetui.toml").write_text(SETTINGS + place)
    primaries = range(0, count, 2)
    for number in range(count):
        (directory / "checks" / f"channel-{number:05}.toml").write_text(
            CHANNEL.format(number=number, provider=number % 7, target=target, every=every, role=_role(number))
        )
    (directory / "audience.toml").write_text("".join(SEGMENT.format(number=number) for number in primaries))
    for number in range(0, count - 1, 10):
        text = PLAYBOOK.format(number=number, backup=number + 1)
        (directory / "playbooks" / f"book-{number:05}.toml").write_text(text)
    return directory


def _role(number: int) -> str:
    if number % 2:
        return f'"backup"\nbacks_up = ["channel-{number - 1:05}"]'
    return f'"primary"\ndepends_on = ["channel-{number - 2:05}.port"]' if number else '"primary"'
