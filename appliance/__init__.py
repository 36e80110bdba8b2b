"""The server of Darkroom: API, intake and workers around one ledger."""
