"""Who may do what: IAM's policies, judged as AWS judges them.

The modules are pure: documents and requests in, decisions out.  They know neither moto, which keeps
roles and policies, nor HTTP; ``workbook.localaws.moto.permissions`` joins them to both.
"""
