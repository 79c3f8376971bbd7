"""Formats that trained models leave in: one file each."""
