"""Trouble of a training, spotted and told."""
