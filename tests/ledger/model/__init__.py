"""A model of everything around the ledger, in which any interleaving of those who use it can be played."""
