"""Quotas: what a project, a user and an address may take up, and how often they may ask."""
