"""A knowledge base, and what can be asked of it and of sentence vectors."""
