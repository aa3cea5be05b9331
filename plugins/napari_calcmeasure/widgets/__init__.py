"""The only door to Qt."""
