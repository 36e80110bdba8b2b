"""Bundles: a file with all that was made of it, as one zip."""
