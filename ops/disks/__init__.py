"""Drives of this machine: found, judged, made ready, mounted by their UUID, replaced."""
