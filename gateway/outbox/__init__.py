"""Tells far sides what changed here, and hears what changed there."""
