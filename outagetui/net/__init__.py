"""Bounded, timed connections: what every protocol stands on."""
