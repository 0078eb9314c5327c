"""Values into sentences: formatting, names, reasons."""
