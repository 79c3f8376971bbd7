"""The notebook's side: magics, completion, live output. What is imported at `%load_ext` is light."""
