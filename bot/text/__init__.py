"""Words without markup that Discord and the command line share; names, links and time codes out of what people type."""
