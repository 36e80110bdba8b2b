"""Figures kept over time, for charts: what each is, the one process that samples them, and reading them by steps."""
