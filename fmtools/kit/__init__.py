"""Building blocks that plug-ins share: encodings, columns, labels, splits, heads, metrics, the durable Trainer."""
