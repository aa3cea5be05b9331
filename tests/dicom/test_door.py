"""What the door to pydicom keeps inside."""

from __future__ import annotations

import subprocess
import sys

QUOTE_A_HEADER = """
import warnings
import calcmeasure.dicom
from calcmeasure.cli import main
main(["criteria"])
import pydicom
from pydicom.dataset import Dataset
warnings.simplefilter("ignore")
dataset = Dataset()
dataset.PatientID = "DOE^JANE" * 20
dataset.SOPInstanceUID = "DOE^JANE"
"""


def test_pydicom_quotes_no_header_value_on_stderr():
    """In a process of its own: a worker sets up no logging, and pydicom sets its level when it is imported."""
    for code in (QUOTE_A_HEADER, QUOTE_A_HEADER.replace('main(["criteria"])', "")):
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
        assert "DOE" not in done.stderr
