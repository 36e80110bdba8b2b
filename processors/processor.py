"""What reads a file. By name, for those who only ask for it: the libraries behind are loaded where the work is done."""

from enum import StrEnum


class Processor(StrEnum):
    IMAGE = "image"
    PDF = "pdf"
    VIDEO = "video"
    OFFICE = "office"
    PLUGIN = "plugin"
