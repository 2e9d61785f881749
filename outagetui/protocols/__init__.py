"""Clients of protocols, for probes, steps and outlets."""
