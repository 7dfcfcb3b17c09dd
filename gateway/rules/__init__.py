"""What people do with rules before and after they are in force: check, try, back-test, judge."""
