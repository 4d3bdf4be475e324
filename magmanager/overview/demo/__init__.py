"""The demo publisher: believable rows at any size, the same for the same seed, written in chunks."""
