"""Ledger and storage held against each other, and mended: on the real database and the real storage server."""
