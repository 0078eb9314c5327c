"""The quiz: rounds, verdicts, leaderboard, and each person's memory of members."""
