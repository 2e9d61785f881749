"""Whole screens compared with the text kept in `golden/`.

OUTAGETUI_GOLDEN=write makes them anew, to be read in the diff.
"""

import os
from pathlib import Path

KEPT = Path(__file__).with_name("golden")


def assert_golden(name: str, text: str) -> None:
    """Fail unless the screen reads as it was kept under `name`."""
    file = KEPT / f"{name}.txt"
    if os.environ.get("OUTAGETUI_GOLDEN") == "write":
        KEPT.mkdir(exist_ok=True)
        file.write_text(text + "\n", encoding="utf-8")
    assert text + "\n" == file.read_text(encoding="utf-8")
