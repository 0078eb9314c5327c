"""Pictures of values: tagged photos, charts, maps, sheets."""
