"""From configs to populations, in this process or in several, to run folders."""
