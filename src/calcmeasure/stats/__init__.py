"""Numbers in, frozen results out: every result names its method, its n and how its intervals were made."""
