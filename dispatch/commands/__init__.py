"""The commands of `patrol`, one module per noun; `app` puts them together."""
