"""The small business that a drill rehearses: the files below `business`, pointed at the lab's ports.

A scenario's own files come beside the common ones, or instead of those of the same name.
"""

import secrets
from collections.abc import Mapping
from pathlib import Path
from string import Template

from outagetui.drill.scenario import FACEBOOK_2021, JABBER_AND_PHONE, Pace

# Where the servers of facebook-2021 are, beside our own at 127.0.0.1: the provider's network, and that of others.
PROVIDER = "127.1.0.1"
OTHERS = "127.3.0.1"
PAGE_ID = "1020304050"  # of the page at the provider that we announce on

BUSINESS = Path(__file__).with_name("business")
COMMON = "common"
SECRETS: dict[str, tuple[str, ...]] = {
    JABBER_AND_PHONE.id: ("jabber", "mailbox", "phone"),
    FACEBOOK_2021.id: ("facebook-token", "mastodon-token"),
}
NEEDS = {"checks/jabber.toml": "jabber"}  # files that are written only where a server listens


def make_secrets(place: Path, scenario: str) -> None:
    """Make the passwords and tokens of the drill's own servers, private to this user."""
    (place / "secrets").mkdir(mode=0o700)
    for name in SECRETS.get(scenario, ()):
        path = place / "secrets" / name
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(18) + "\n")


def write(place: Path, ports: Mapping[str, int], pace: Pace, scenario: str) -> Path:
    """Write the drill's configuration below `place` and return its directory."""
    values: dict[str, str | int] = {
        **ports,
        "place": str(place),
        "every": pace.every,
        "feed_every": pace.feed_every,
        "suggest_after": pace.suggest_after,
        "update_every": pace.update_every,
        "staff_backups": '"jabber", "extensions"' if "jabber" in ports else '"extensions"',
        "provider": PROVIDER,
        "others": OTHERS,
        "page_id": PAGE_ID,
    }
    directory = place / "config"
    for root in (BUSINESS / COMMON, BUSINESS / scenario):
        for source in root.rglob("*.toml"):
            name = source.relative_to(root)
            if NEEDS.get(str(name), "") in ("", *ports):
                (directory / name).parent.mkdir(parents=True, exist_ok=True)
                text = Template(source.read_text(encoding="utf-8")).substitute(values)
                (directory / name).write_text(text, encoding="utf-8")
    for page in ("status", "staff"):
        (place / "pages" / page).mkdir(parents=True, exist_ok=True)
    return directory
