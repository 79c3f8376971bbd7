"""What a process has and takes: memory, time, threads, number formats, a card."""
