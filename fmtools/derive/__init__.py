"""What is derived from the options models: argument parser, help, completion, JSON schema, reference pages."""
