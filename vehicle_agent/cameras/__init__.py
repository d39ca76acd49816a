"""Cameras on the officers and in the car: one small interface, an adapter per kind, and what is done with all of them.

What a camera is to the agent stands in source.py. Files that cameras leave are indexed here and sent by uploads.py.
"""
