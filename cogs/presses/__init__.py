"""What the buttons, menus and forms of the cards do."""
