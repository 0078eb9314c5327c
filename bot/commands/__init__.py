"""The verbs of the `nugu` command, a file or two each; `bot.cli` reads their arguments."""
