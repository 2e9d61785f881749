"""A commented file for every probe, `KIND.toml`, and outlet, `outlet-KIND.toml`, each a valid configuration."""

from importlib import resources

OUTLET = "outlet-"


def names() -> tuple[str, ...]:
    """Return the probes there is an example of, sorted."""
    return tuple(name for name in _files() if not name.startswith(OUTLET))


def outlet_names() -> tuple[str, ...]:
    """Return the outlets there is an example of, as `outlet-KIND`, sorted."""
    return tuple(name for name in _files() if name.startswith(OUTLET))


def example(kind: str) -> str:
    """Return the example of the probe or outlet `kind`, which is one of `names()` or `outlet_names()`."""
    return (resources.files(__name__) / f"{kind}.toml").read_text(encoding="utf-8")


def _files() -> list[str]:
    files = (entry.name for entry in resources.files(__name__).iterdir())
    return sorted(name.removesuffix(".toml") for name in files if name.endswith(".toml"))
