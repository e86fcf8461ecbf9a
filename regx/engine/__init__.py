"""Training populations of networks."""
