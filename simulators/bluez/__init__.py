"""An org.bluez on a private D-Bus that unmodified bleak drives."""
