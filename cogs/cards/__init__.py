"""Cards that people read, and the buttons, menus and forms on them."""
