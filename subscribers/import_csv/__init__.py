"""
Import: bring in a list of readers from a CSV file.

Takes   bytes, the newsletter that the readers agreed to, and the ground for believing that they did.
Gives   an ImportReport: each row added, unchanged or refused with its line and reason.
Touches the database, in a transaction of its own for each batch of rows.
"""

from subscribers.import_csv.formats import FIELDS, Format
from subscribers.import_csv.plan import ImportPlan, ImportReport, Onlooker, Reason, Refusal
from subscribers.import_csv.stage import import_readers

__all__ = ["FIELDS", "Format", "ImportPlan", "ImportReport", "Onlooker", "Reason", "Refusal", "import_readers"]
