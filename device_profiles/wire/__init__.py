"""How readings travel: one file per version of the wire. A released version never changes."""
