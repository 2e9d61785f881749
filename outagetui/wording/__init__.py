"""An announcement's words: composed, counted, made to fit. Pure."""
