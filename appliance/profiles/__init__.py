"""Profiles of people: what they want to have published, and its way through the gates."""
