"""The watchdog: a made-up patient of each organisation proves the whole way again and again."""
