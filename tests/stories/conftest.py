"""What the stories share with the tests of the daemon."""

from tests.daemon.conftest import _home

__all__ = ["_home"]
