"""What outagetui costs: `python -m tests.bench` measures it beside its peers and holds it against the budgets."""
