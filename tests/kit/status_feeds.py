"""Status feeds made for tests, and what is read of them in a word."""

from xml.sax.saxutils import escape

from outagetui.probes.feeds import Reading, Unreadable, read

NOON = 1_796_040_000.0  # 2026-11-30 12:00 UTC
MONDAY = "Mon, 30 Nov 2026 09:00:00 GMT"


def item(title: str, text: str = "", guid: str = "", date: str = MONDAY, more: str = "", link: str = "") -> str:
    return (
        f"<item><title>{escape(title)}</title><link>{link or 'https://status.example.com/'}</link>"
        f"<guid>{guid}</guid><pubDate>{date}</pubDate><description>{escape(text)}</description>{more}</item>"
    )


def rss(*items: str) -> bytes:
    head = '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"><channel><title>Status</title>'
    return f"{head}{''.join(items)}</channel></rss>".encode()


def atom(*entries: str) -> bytes:
    return f'<feed xmlns="http://www.w3.org/2005/Atom"><title>Status</title>{"".join(entries)}</feed>'.encode()


def word(body: bytes, *components: str) -> str:
    """The outcome in a word: pass, or the code of anything else."""
    try:
        said = read(body, components=components, now=NOON)
    except Unreadable as problem:
        return problem.code
    assert isinstance(said, Reading)
    return said.code or str(said.outcome)


def of(title: str, text: str = "") -> str:
    return word(rss(item(title, text)))
