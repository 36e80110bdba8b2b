"""Libraries: what is found, what is decided, and the plan as it is typed."""
