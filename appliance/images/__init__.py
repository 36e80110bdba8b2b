"""Photos: files that must be pictures, under names of their own."""
