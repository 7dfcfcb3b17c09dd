"""Seeded virtual patients."""
