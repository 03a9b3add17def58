"""``python -m workbook``: the command without its script."""

from workbook.cli import main

raise SystemExit(main())
