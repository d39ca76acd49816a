"""Mirrors gateway/."""
