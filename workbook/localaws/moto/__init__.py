"""The only package that imports moto: its worker thread, and our replacements for its parts."""
