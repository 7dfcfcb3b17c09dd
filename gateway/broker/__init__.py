"""Mosquitto for a small site: its configuration, generated, and its process."""
