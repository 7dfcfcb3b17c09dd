"""Decisions of the gateway without IO."""
