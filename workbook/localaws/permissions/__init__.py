"""Permissions: IAM's policies, evaluated as on AWS.

The modules are pure: they turn documents and requests into decisions. They know neither moto, which
stores roles and policies, nor HTTP; ``workbook.localaws.moto.permissions`` connects them with both.
"""
