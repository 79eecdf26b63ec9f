"""The tests: what a user can see, given what a user has."""
