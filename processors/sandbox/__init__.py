"""Developing untrusted files in processes that can reach nothing. Each of them loads this: it imports nothing."""
