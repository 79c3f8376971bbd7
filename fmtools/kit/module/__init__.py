"""A user's own nn.Module, from a notebook's cell to a trained folder."""
