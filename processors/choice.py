"""Choosing who reads a file, by its content, and having it read, in this very process."""

from processors import image, pdf
from processors.processor import Processor
from processors.profiles import DOCUMENT, Profile, of_content, taken
from processors.recipes import Recipe
from processors.refusals import Code, Refused
from processors.results import Developed
from processors.sniff import content_type


class OtherReader(Exception):
    """The file is of a kind that is taken, and read by a program of its own: of which `content_type`."""

    def __init__(self, content_type: str) -> None:
        super().__init__(content_type)
        self.content_type = content_type


# What libmagic calls a container of any kind, or a plain text of any kind: whether it is a document after all says who
# reads these.
FAMILIES = frozenset(
    {
        *("application/zip", "application/x-ole-storage", "application/CDFV2", "application/CDFV2-encrypted"),
        *("application/encrypted", "application/msword", "application/vnd.ms-excel", "application/rtf"),
        *("application/json", "application/x-ndjson", "application/csv", "application/javascript"),
    }
)


def profile_of(content_type: str) -> Profile:
    """The profile of a file of this content type. Raises Refused: unsupported_kind, with all that is taken."""
    try:
        return of_content(content_type)
    except KeyError:
        if content_type in FAMILIES or content_type.startswith("text/"):
            return DOCUMENT
        said = f"Files of this kind ({content_type}) are not taken. Taken are: {taken()}"
        raise Refused(Code.UNSUPPORTED_KIND, said, untouched=True) from None


def process(data: memoryview, recipe: Recipe, processor: Processor | None, page: int | None = None) -> Developed:
    """Have the file in `data` read by `processor`, or, without one, by whom its content asks for.

    page: see `pdf.read`; a picture has none. Raises as they do, and OtherReader.
    """
    found = "" if processor else content_type(data)
    match processor or profile_of(found).processor:
        case Processor.PDF:
            return pdf.read(data, recipe, page)
        case Processor.IMAGE:
            return image.develop(data, recipe)
    raise OtherReader(found)
