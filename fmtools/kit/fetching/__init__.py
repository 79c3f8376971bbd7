"""Models and sets out of published packages: pinned, checked, converted."""
