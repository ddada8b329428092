"""What the platform and its stand-ins can do, measured: `make bench`."""
