"""The error that an operation raises if AWS would return an error response."""


class ApiError(Exception):
    """An error response of AWS.

    Args:
        code: the error code, such as ``ResourceNotFoundException``.
        message: the error message, in AWS's words.
        status: the HTTP status.
        fields: further fields of the response, such as ``Reason``.
    """

    def __init__(self, code: str, message: str, status: int = 400, **fields: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.status = status
        self.fields = fields
