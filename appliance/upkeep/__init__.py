"""What keeps the house in order: ledger and storage held against each other, and mended where they differ."""
