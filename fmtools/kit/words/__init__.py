"""Texts divided, joined, changed and told apart by language."""
