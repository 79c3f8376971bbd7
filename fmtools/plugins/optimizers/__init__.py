"""Ways to make an exported model smaller and faster: one file each."""
