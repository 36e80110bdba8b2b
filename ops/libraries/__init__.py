"""What `./ops/library` does."""
