"""The book and the notebooks in a real browser: headless Chromium, told what to do by playwright.

`make browser` installs what drives it (build/browser) and runs these tests. Screenshots are kept in
build/browser/screenshots.
"""
