"""Stand-ins for every piece of hardware, on real parts."""
