"""A client of the appliance: sends files, watches what becomes of them, resumes where it was."""
