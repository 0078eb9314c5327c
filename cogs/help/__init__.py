"""/help: the features that people use most."""
