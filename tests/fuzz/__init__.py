"""Octets that nobody chose, for everything that reads octets from outside."""
