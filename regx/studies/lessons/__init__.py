"""The lessons' exercises, experiments and claims: each a config and a question, and the verdict that it ends in."""
