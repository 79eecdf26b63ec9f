"""Making clean prose of what sources hold: pure functions of text, one file a kind of source."""
