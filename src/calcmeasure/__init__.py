"""calcmeasure: calcification extent and enhancing-lesion diameter before and after neoadjuvant treatment.

DICOM in -> calibrated images -> annotations -> measurements in mm with provenance -> response categories -> tables.
Research use only.
"""

from importlib.metadata import PackageNotFoundError, version

try:
    __version__ = version("calcmeasure")
except PackageNotFoundError:  # a source tree that was never installed
    __version__ = "0+unknown"

__all__ = ["__version__"]
