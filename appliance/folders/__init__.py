"""Folders: rows that say which places for files there are. In storage a folder is a prefix, and nothing else."""
