"""Documents: a PDF file becomes pictures of a page, the versions of a recipe, and text, in this very process."""

from processors.pdf.read import read

__all__ = ["read"]
