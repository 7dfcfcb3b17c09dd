"""What several makers' own protocols share: plain numbers, streams, checksums."""
