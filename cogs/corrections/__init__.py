"""What people say of a face: the buttons of an answer, the dialog, and the card brought up to date."""
