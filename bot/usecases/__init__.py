"""One file a thing that people do: plain async functions that cogs and command line share."""
