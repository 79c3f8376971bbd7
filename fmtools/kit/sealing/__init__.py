"""Folders in encrypted files, and back into memory."""
