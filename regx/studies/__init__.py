"""The studies: each asks runs a question, and keeps question, judgement, words and display side by side."""
