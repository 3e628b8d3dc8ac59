"""tdisprove: a formal state-machine checker for TDISP and IDE lifecycles."""

from .explore import Result, Trace, Verdict, check
from .model.flows import FLOWS, Flow
from .model.language import Model, ModelError, System
from .properties import Property
from .properties.catalogue import PROPERTIES
from .reports import notebook

__version__ = "0.1.0"

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
