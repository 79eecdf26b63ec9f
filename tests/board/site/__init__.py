"""The leaderboard website."""
