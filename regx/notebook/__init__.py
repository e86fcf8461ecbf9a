"""What a notebook shows: results as HTML, figures inline, how far training is."""
