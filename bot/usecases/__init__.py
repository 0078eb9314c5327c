"""One module for each thing that people do: async functions that the cogs and the command line share."""
