"""tdisprove: a formal state-machine checker for TDISP and IDE lifecycles."""

from importlib.metadata import PackageNotFoundError, version

from .explore import Result, Trace, Verdict, check
from .model.flows import FLOWS, Flow
from .model.language import Model, ModelError, System
from .properties import Property
from .properties.catalogue import PROPERTIES
from .reports import notebook

try:
    __version__ = version("tdisprove")
except PackageNotFoundError:
    # Imported from a checkout that was not installed.
    __version__ = "0+checkout"

notebook.install()

__all__ = [
    "FLOWS",
    "PROPERTIES",
    "Flow",
    "Model",
    "ModelError",
    "Property",
    "Result",
    "System",
    "Trace",
    "Verdict",
    "__version__",
    "check",
]
