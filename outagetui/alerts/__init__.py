"""Waking people: who is told what and when (`chain`, pure), in which words, and the way out to them."""
