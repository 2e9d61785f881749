"""The drill: local servers with injected faults, a daemon that watches them, and what came of it."""
