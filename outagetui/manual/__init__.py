"""The manual: a page a subject, in Markdown, read as a command's text, on the screens and as man pages.

Nothing here knows the rest of the program, so that every way of reading it starts at once.
"""

from pathlib import Path

# In the order in which people need them; the number is the section of the man page that holds it.
PAGES: dict[str, int] = {
    "start": 1,
    "channels": 5,
    "probes": 5,
    "feeds": 5,
    "playbooks": 5,
    "steps": 5,
    "announcements": 1,
    "outlets": 5,
    "accounts": 1,
    "judging": 1,
    "backups": 1,
    "alerts": 5,
    "wallboard": 1,
    "server": 1,
    "drills": 1,
    "reports": 1,
    "files": 5,
    "commands": 1,
    "keys": 1,
    "trouble": 1,
    "record": 1,
    "upgrading": 1,
}


def source(page: str) -> str:
    """Return the Markdown of `page`, one of `PAGES`."""
    return Path(__file__).with_name(f"{page}.md").read_text(encoding="utf-8")
