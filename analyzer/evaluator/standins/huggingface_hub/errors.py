"""Exceptions."""


class StrictDataclassError(Exception):
    pass


class StrictDataclassDefinitionError(StrictDataclassError):
    pass


class StrictDataclassFieldValidationError(StrictDataclassError):
    pass


class StrictDataclassClassValidationError(StrictDataclassError):
    pass


class EntryNotFoundError(Exception):
    pass


class RepositoryNotFoundError(Exception):
    pass


class OfflineModeIsEnabled(ConnectionError):
    pass
