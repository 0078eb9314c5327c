"""Untrusted zip archives and folders of photos: names of entries, litter, groups and members by folder."""
