"""/member add: new photos, and the doubtful ones among them."""
