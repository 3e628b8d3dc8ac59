"""Certificates: verdicts as files that others can check, and a checker that knows nothing of how they were found."""

from .checker import Refused, verify_document
from .document import certificate, versions
from .origin import verify_file

__all__ = ["Refused", "certificate", "verify_document", "verify_file", "versions"]
