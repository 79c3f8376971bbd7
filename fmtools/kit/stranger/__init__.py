"""A stranger's files, checked before anything reads them."""
