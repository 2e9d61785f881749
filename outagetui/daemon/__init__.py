"""The daemon: schedule, probes, verdicts, runs and orders. The only writer of the store."""
