"""The stories of the devices against the real Linux Bluetooth stack, in a virtual machine."""
