"""Libraries: folders of videos that are there already, and what would become of them by a workflow."""
