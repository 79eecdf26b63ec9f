"""Tests of what goes to the Hub and comes from it, over real HTTP against a stand-in."""
