"""Use cases, storage, media and compute. Imports models, never cogs; discord only in `client` and `demo`."""
