"""Discord's edge: commands, cards, buttons and menus. Imports bot, and of models only `models.faces`."""
