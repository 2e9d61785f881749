"""A browser for the tests of one file."""

from collections.abc import Iterator

import pytest
from tests.browser.chromium import Chromium, Recorder, chromium


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Chromium, Recorder]]:
    """A browser in front of an empty directory (`recorder.directory`) that tests write their page to."""
    with chromium(tmp_path_factory.mktemp("page")) as both:
        yield both
