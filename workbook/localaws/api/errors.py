"""The one error that an operation raises when AWS would answer with an error."""


class ApiError(Exception):
    """An error answer of AWS.

    Args:
        code: AWS's name of the error, such as ``ResourceNotFoundException``.
        message: AWS's words.
        status: the HTTP status.
        fields: what the answer holds beside its message, such as ``Reason``.
    """

    def __init__(self, code: str, message: str, status: int = 400, **fields: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.fields = fields
