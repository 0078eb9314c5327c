"""Shared by all features: requests, responses, layout, components, trust."""
