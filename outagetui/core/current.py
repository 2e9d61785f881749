"""The one cell for the configuration that holds now."""

from outagetui.core.model import Config


class Current:
    """Holds `config`. A reload replaces it, so whoever needs it reads it here each time and keeps no copy."""

    def __init__(self, config: Config) -> None:
        self.config = config
