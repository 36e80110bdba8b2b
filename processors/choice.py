"""Choosing who reads a file, by its content, and having it read, in this very process."""

from processors import image, pdf
from processors.plugin import installed
from processors.processor import Processor
from processors.profiles import profile_of
from processors.recipes import Recipe
from processors.refusals import OtherReader
from processors.results import Developed
from processors.sniff import content_type


def process(data: memoryview, recipe: Recipe, processor: Processor | None, page: int | None = None) -> Developed:
    """Have the file in `data` read by `processor`, or, without one, by whom its content asks for.

    page: see `pdf.read`; a picture has none. Raises as they do, and OtherReader.
    """
    found = "" if processor else content_type(data)
    profile = profile_of(found) if found else None
    match processor or (profile and profile.processor):
        case Processor.PDF:
            return pdf.read(data, recipe, page)
        case Processor.IMAGE:
            return image.develop(data, recipe)
        case Processor.PLUGIN if profile:
            return installed()[profile.name].develop(data)
    raise OtherReader(found)
