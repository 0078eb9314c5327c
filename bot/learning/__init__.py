"""Recognisers, trainings and reports of rosters, and notifications to moderators."""
