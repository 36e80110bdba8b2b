"""Originals: replaced by what was made of them, kept for a while, brought back bit for bit; whole at any moment."""
