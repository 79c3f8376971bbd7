"""How texts and arrays are read, by the model server and by the worker alike: pure functions, in one place."""
