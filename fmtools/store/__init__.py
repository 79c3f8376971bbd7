"""The run store: plain files are the truth, everything else may be deleted and is made again."""
