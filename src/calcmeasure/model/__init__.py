"""The nouns: what was acquired (imaging), what was drawn (annotation), what was measured (measurement)."""
