"""Groups, members and photos: /group, /member and /roster."""
