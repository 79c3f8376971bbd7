"""Rows as a labeller sees them, a person's decisions, and which labels are likely wrong."""
