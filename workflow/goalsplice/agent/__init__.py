"""Networks, how they are trained, and what keeps them. It uses `world`."""
