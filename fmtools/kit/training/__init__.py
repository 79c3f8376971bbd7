"""The durable Trainer and what goes into it: methods, rates, losses, wishes, several processes."""
