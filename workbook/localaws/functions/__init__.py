"""Lambda functions of the local AWS.

``api`` answers requests.  ``invoker`` runs a function in an ``environment`` of the ``pool``, whose
``process`` speaks the ``runtime_api``; ``event_queue`` does so for asynchronous invocations.  What
they look up was ``published`` by whatever keeps the configurations.  The code in ``runtime`` runs
in those processes, on other interpreters too, and imports nothing of the workbook.
"""
