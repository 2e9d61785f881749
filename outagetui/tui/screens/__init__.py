"""One module a screen; each is imported only when it is opened."""
