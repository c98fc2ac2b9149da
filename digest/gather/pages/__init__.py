"""Article pages, as HTML or as the plain text of a scraped page: each field from what is best at it."""
