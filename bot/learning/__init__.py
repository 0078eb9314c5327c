"""Recognisers, trainings and reports of rosters, and what tells moderators of them."""
