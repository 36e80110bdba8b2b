"""The contestants, each run by the Python (or node) of its own environment; contest.py is what they share."""
