"""What the engine costs, measured beside others in the same run: `make bench`."""
