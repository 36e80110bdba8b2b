"""Limits on what is decoded. The largest phone cameras make pictures of 200 megapixels."""

MAX_PIXELS = 200_000_000
MAX_FRAMES = 1_000
# A colour profile is carried along in every version, so a large one (printers' tables) is converted to sRGB instead.
MAX_PROFILE_BYTES = 16_384
MAX_METADATA_BYTES = 16 << 20
# Of videos: 8K has 33 megapixels a frame.
MAX_VIDEO_PIXELS = 40_000_000
MAX_SECONDS = 24 * 3600
MAX_STREAMS = 32
# Of documents: ten thousand pages are refused, no book has as many. Acrobat makes pages of 200 inches, or
# 14,400 points; drawings and web pages in one piece are longer.
MAX_PAGES = 9_999
MAX_PAGE_POINTS = 144_000
# A page has no pixels of its own, so its picture takes no more than the largest version's, and never more than this.
MAX_PAGE_PIXELS = 25_000_000
# The text of a document: a thousand full pages have 3 MB. What is left out is told, and so is not guilty of anything.
MAX_TEXT_BYTES = 4 << 20
MAX_TEXT_SECONDS = 3.0
# Of office files, which are zip archives: what they may unpack to, all members and those of archives inside together.
# XML of spreadsheets packs to a fiftieth; more than this ratio only what is made for it, looked at where it matters.
MAX_MEMBERS = 10_000
MAX_UNPACKED_BYTES = 512 << 20
MAX_RATIO, RATIO_FROM_BYTES = 250, 16 << 20
MAX_NESTED, MAX_NESTED_BYTES = 2, 64 << 20
# Of spreadsheets: LibreOffice reads some 100,000 cells a second, twice.
MAX_ROWS = 200_000
MAX_CELLS = 2_000_000
# Of a spreadsheet printed on paper the beginning is enough.
MAX_SHEET_PAGES = 100
# The preview of a table.
TABLE_SHEETS, TABLE_ROWS, TABLE_COLUMNS, TABLE_CELL = 10, 50, 26, 100
# What LibreOffice is given to print of a plain text, and of a CSV file.
MAX_PRINTED_BYTES = 1 << 20
MAX_PRINTED_ROWS = 5_000
