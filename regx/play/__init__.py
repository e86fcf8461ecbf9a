"""The playground: a live page on this machine, served by the engine."""
