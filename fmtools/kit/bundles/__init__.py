"""A bundle: an exported model with its server and everything that starts it elsewhere. templates/ holds its files."""
