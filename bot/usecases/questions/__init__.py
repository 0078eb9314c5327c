"""Questions about pictures: identified, recorded, corrected, and the crops of their faces."""
