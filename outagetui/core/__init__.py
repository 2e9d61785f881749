"""Values and rules of wording that everything speaks; no I/O."""
