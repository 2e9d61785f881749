"""Text from outside made inert for Markdown (CommonMark, and GitHub's tables, links and mentions); pure."""

import re

# Everything that can begin emphasis, code, a link, an image, HTML, an entity, a table cell, a formula or a mention.
_SPECIAL = re.compile(r"[\\`*_\[\]<>|~$@#]|&(?=[#A-Za-z])|:(?=//)|(?<!\d):(?=[A-Za-z0-9_+\-]+:)|(?<=www)\.", re.I)
_BEGINS = re.compile(r"^(?:([-+=])|(\d{1,9})([.)])(?=\s|$))")


def inert(line: str) -> str:
    """Return one cleaned line so that it reads as it stands, wherever in a paragraph, list or table it is put."""
    safe = _SPECIAL.sub(r"\\\g<0>", line)
    return _BEGINS.sub(lambda found: f"\\{found[1]}" if found[1] else f"{found[2]}\\{found[3]}", safe)


def fenced(text: str) -> list[str]:
    """Return cleaned lines of text as a block of code whose fence is longer than any in it."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return [f"{fence}text", *text.split("\n"), fence]
