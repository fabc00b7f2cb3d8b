"""Reading project components with their amounts out of the texts of World Bank reports."""

from models.extraction.checking import check_against
from models.extraction.reading import extract
from models.extraction.result import ExtractedComponent, Extraction

__all__ = ["ExtractedComponent", "Extraction", "check_against", "extract"]
