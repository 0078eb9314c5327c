"""Words without markup that Discord and the command line share; names, links and time codes in the text that people type."""
