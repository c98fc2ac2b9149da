"""What lists articles without their text: sitemaps, and pages that link to them."""
