"""Lambda functions of the local AWS.

``api`` responds to requests. ``invoker`` runs a function in an ``environment`` of the ``pool``,
whose ``process`` talks to the ``runtime_api``; ``event_queue`` does so for asynchronous
invocations. They look functions up in what the store of the configurations has ``published``. The
code in ``runtime`` runs in those processes, on other interpreters too, and imports nothing of the
workbook.
"""
