"""What the notebooks import: the bench on which the streaming pipeline is built and tried."""
