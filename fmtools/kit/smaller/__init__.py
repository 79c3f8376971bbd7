"""Smaller models out of trained ones, and proof of what they lost."""
