"""How fast a voice menu answers a key, how even its sound is, how fast flows are interpreted."""
