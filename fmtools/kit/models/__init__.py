"""Models by kind: load or make them, their rows, what they say, where they look."""
