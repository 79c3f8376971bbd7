"""Where stages run: a worker process beside the kernel, or inline."""
