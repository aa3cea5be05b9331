"""The synthetic cohort of the study."""
