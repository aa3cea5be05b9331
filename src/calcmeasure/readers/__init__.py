"""Several readers of the same cases: how well they agree, where they do not, and what they hold in common."""
