"""One patient, from files to measurements: load, detect, measure, link."""
