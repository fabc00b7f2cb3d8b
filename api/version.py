"""What answers follow from beside the data and the question."""

from api.explorer.assets import PAGES_VERSION
from models.versions import PROGRAM_VERSION

ANSWERS_VERSION = f"{PROGRAM_VERSION}+{PAGES_VERSION}"
"""The program, and the files that its pages ask for: part of every entity tag."""
