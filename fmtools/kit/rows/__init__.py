"""From tables as they came to a task's rows: which columns, which labels, what is held out."""
