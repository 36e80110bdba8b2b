"""Libraries in buckets, and what they have in common with those in folders."""
