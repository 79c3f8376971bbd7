"""The verbs, one file each; they run in a worker process or inline, and tell the outside through a Context."""
