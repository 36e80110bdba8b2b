"""Renders: pictures that are made once somebody asks for them, of photos at any size and of the pages of documents."""
