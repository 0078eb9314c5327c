"""Groups and members: adding, gathering, photos, import and export."""
