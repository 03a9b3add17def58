"""The package that the notebooks import: tools to build and test the streaming pipeline."""
