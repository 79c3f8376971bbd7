"""What a run costs, before and while it runs, and what would be cheaper."""
