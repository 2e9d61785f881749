"""The report of an incident: `gather` reads the store, `facts` makes a `Report`, `markdown` and `html` write it."""
