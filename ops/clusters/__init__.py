"""A cluster of hosts: planned, rendered for each of them, changed while it works."""
