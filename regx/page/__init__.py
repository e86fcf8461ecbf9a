"""The page: one self-contained HTML file over stored runs."""
