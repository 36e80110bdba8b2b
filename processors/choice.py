"""Choosing who reads a file, by its content, and having it read, in this very process."""

from processors import image, pdf
from processors.processor import Processor
from processors.recipes import Recipe
from processors.results import Developed
from processors.sniff import content_type

# Everything else is taken for a picture, and told in words that it is none.
BY_CONTENT_TYPE = {"application/pdf": Processor.PDF}


def processor_of(data: memoryview) -> Processor:
    """Who reads the file in `data`. Raises Refused: empty."""
    return BY_CONTENT_TYPE.get(content_type(data), Processor.IMAGE)


def process(data: memoryview, recipe: Recipe, processor: Processor | None, page: int | None = None) -> Developed:
    """Have the file in `data` read by `processor`, or, without one, by whom its content asks for.

    page: see `pdf.read`; a picture has none. Raises as they do.
    """
    match processor or processor_of(data):
        case Processor.PDF:
            return pdf.read(data, recipe, page)
        case Processor.IMAGE:
            return image.develop(data, recipe)
        case Processor.OFFICE:
            raise ValueError("documents are converted by a program of their own: processors.office.develop")
