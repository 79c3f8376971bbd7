"""Tools that follow runs, one file each."""
