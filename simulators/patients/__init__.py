"""Virtual patients on paper: drawn, listed, and compared with recordings."""
