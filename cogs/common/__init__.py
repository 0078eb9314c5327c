"""What every feature shares: requests, responses, layout, components, trust."""
