"""Faces: pictures in, names out. Knows no Discord, no database, no network and no clock."""
