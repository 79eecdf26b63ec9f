"""The tasks as one dataset on the Hub: what its files hold, how it is published, how texts are read from it."""
