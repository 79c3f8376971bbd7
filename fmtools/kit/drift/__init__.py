"""Whether what a server sees is still what its model was made for."""
