"""One stage per file: alerts in, the alerts that remain out."""
