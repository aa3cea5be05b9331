"""Why a patient is left out of a study before anything is measured."""

from __future__ import annotations

from enum import StrEnum


class Exclusion(StrEnum):
    """Clinical reasons of the study, as written into a cohort table; what a program finds has an `ErrorCode`."""

    PRIOR_CANCER = "prior_cancer"
    """Earlier breast cancer or surgery of the breast."""
    DISTANT_METASTASES = "distant_metastases"
    """Distant metastases when the cancer was found."""
    POOR_IMAGE_QUALITY = "poor_image_quality"
    """Images too poor to measure on."""
