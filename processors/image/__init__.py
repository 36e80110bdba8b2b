"""Pictures: a file of any supported kind becomes the versions of a recipe, in this very process."""

from processors.image.develop import develop

__all__ = ["develop"]
