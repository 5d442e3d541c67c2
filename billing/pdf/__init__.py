"""Documents on paper: what they say, ready to be set, and setting it."""
