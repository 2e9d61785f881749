"""What the tests of connections share with the probes'."""

from tests.kit.probe_fixtures import no_leaks, pki, secret_directory, vantage

__all__ = ["no_leaks", "pki", "secret_directory", "vantage"]
