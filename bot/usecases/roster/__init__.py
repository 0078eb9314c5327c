"""Groups, members and their photos: enrolling, naming, reviewing, moving."""
