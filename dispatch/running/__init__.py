"""Processes under supervision: what `patrol up` is made of."""
