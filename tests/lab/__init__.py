"""A whole office of real servers on loopback, and a configuration that watches it."""
