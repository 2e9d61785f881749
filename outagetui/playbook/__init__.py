"""Playbooks: the plan of a run (pure) and the runner that carries it out."""
