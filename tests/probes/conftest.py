"""What the tests of probes share with those of protocols and connections."""

from tests.kit.probe_fixtures import caller, no_leaks, pki, secret_directory, vantage

__all__ = ["caller", "no_leaks", "pki", "secret_directory", "vantage"]
