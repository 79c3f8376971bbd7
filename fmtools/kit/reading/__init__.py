"""Files of every kind and encoding to Arrow tables, every row accounted for."""
