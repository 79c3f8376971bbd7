"""Personal data in texts: finding them (patterns, english, chinese), replacing them (stand_ins), and bringing them back (vault)."""
