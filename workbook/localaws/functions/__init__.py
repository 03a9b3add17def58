"""Lambda functions of the local AWS.

``service`` answers the API and runs invocations, each in an ``environment``: a process of its own
that speaks the ``runtime_api``.  moto keeps the configuration (``backend``).  ``bootstrap``,
``client`` and ``reaper`` run in processes of their own, on other interpreters too, and import
nothing of the workbook.
"""
