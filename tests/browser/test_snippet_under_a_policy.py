"""What the manual says about a website's policy holds in a browser under exactly that policy, and nothing wider."""

import re
from pathlib import Path
from typing import Any

import pytest
from tests.browser.chromium import FOREIGN
from tests.browser.foreign_page import CALM, NOTICE, PLAIN, SCRIPT, SEEN, foreign, included
from tests.browser.published_page import KINDS, URL, write

pytestmark = pytest.mark.slow
MANUAL = Path(__file__).parents[2] / "outagetui" / "manual" / "accounts.md"


def policies() -> list[str]:
    """The policies that the manual gives, for the script and for the included notice."""
    text = MANUAL.read_text(encoding="utf-8")
    found = re.findall(r"`(default-src [^`]*)`", text)
    return [each.replace("https://status.example.net", URL.rstrip("/")) for each in found]


@pytest.mark.parametrize("way", ["script", "included"])
def test_the_notice_is_whole_under_the_policy_of_the_manual(browser: tuple[Any, Any], way: str) -> None:
    chromium, recorder = browser
    write(recorder.directory, KINDS["open"], "en", "de", listed=True)
    policy = policies()[way == "included"]
    inner = SCRIPT if way == "script" else included(recorder)
    recorder.foreign = foreign(inner, PLAIN).replace(f"<style>{PLAIN}</style>", "")
    recorder.policy = policy
    recorder.seen.clear()
    chromium.events.clear()
    chromium.show(FOREIGN, 1280, 800, "light")
    recorder.policy = ""
    chromium.until(f"{NOTICE} !== null")
    for tag, *seen in chromium.evaluate(SEEN):
        assert seen == CALM, tag
    said = [event["params"] for event in chromium.events if event["method"] == "Log.entryAdded"]
    assert [each for each in said if "Security Policy" in str(each) and "favicon" not in str(each)] == []
