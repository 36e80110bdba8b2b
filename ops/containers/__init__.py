"""The same parts as containers: one image, and a compose file that is rendered from an inventory as units are."""
