"""Originals of a library: replaced, kept, brought back, on real file systems."""
