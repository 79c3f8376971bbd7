"""Scores as the field defines them, and what happened on each row."""
