"""Lambda functions of the local AWS.

``service`` answers the API and runs invocations, each in an ``environment``: a process of its own
that speaks the ``runtime_api``.  moto keeps the configuration (``backend``).  What is in
``runtime`` runs in those processes, on other interpreters too, and imports nothing of the workbook.
"""
