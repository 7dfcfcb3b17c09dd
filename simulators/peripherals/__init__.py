"""Devices that write their own octets by hand."""
