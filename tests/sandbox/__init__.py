"""The sandbox, tried from inside."""
