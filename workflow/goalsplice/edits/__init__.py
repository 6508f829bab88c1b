"""Networks made of networks, and controls: what is done to weights. They use `agent`."""
