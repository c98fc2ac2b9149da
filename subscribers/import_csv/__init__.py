"""
Import: bring in a list of readers from a CSV file.

Takes   bytes, the newsletter that the readers agreed to, and the ground for believing that they did.
Gives   an ImportReport: each row added, unchanged or refused with its line and reason.
Touches the session it is given; a savepoint for each batch of rows. The caller commits.
"""

from subscribers.import_csv.plan import ImportPlan, ImportReport, Reason, Refusal
from subscribers.import_csv.stage import import_readers

__all__ = ["ImportPlan", "ImportReport", "Reason", "Refusal", "import_readers"]
