"""What the patient sees of the hub: whether it measures, and whether the reading has arrived."""
