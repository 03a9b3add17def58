"""Tests of the book and the notebooks in a real browser: headless Chromium, driven by playwright.

`make browser` installs playwright (in build/browser) and runs these tests. Screenshots are stored
in build/browser/screenshots.
"""
