"""The commands of `patrol`, one module per noun; dispatch.cli puts them together."""
