"""A library in a bucket: its objects are worked on as copies on a local disk, and replaced where they are."""
