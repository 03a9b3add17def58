"""Permissions: IAM's policies, evaluated as on AWS.

The modules are pure: documents and requests in, decisions out.  They know neither moto, which keeps
roles and policies, nor HTTP; ``workbook.localaws.moto.permissions`` joins them to both.
"""
