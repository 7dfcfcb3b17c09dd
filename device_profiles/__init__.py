"""What devices say and how it travels: readings, codecs, profiles, the wire."""
