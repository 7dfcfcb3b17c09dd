"""The command `pair`: a technician, a device, and one measurement as proof."""
