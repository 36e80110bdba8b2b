"""The ledger: the one record of every asset, its state, its bytes and its events."""
