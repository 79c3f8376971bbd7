"""Models in formats of others, and the gate before a written model gets its name."""
